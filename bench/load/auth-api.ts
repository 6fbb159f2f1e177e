/** An Auth API that accepts every credential at once: the two calls of the gateway, with the least work. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const expireAt = Math.floor(Date.now() / 1000) + 86_400;
const who = {
  userID: '66666666-7777-4888-9999-aaaaaaaaaaaa',
  expireAt,
  verified: true,
  roles: ['user'],
  groups: ['public', 'acme'],
};
const session = JSON.stringify({
  ...who,
  sessionID: '11111111-2222-4333-8444-555555555555',
  alias: 'ana',
  fullName: 'Ana Example',
  ip: '203.0.113.7',
  userAgent: 'client/1.0',
});
const keyPair = JSON.stringify({
  ...who,
  apiKey: 'k'.repeat(32),
  keyID: '11111111-2222-4333-8444-555555555555',
  keyName: 'Example',
  userName: 'Ana Example',
  userAlias: 'ana',
});

const server = createServer((request, response) => {
  const body = request.url === '/api/auth/v2/session' ? session : keyPair;
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
