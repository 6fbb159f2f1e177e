/**
 * The Auth API of the benchmarks: accepts every bearer and key pair except those that begin with "x", with minimal work. The
 * headers are for peers that cannot parse JSON.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const who = {
  userID: '66666666-7777-4888-9999-aaaaaaaaaaaa',
  expireAt: Math.floor(Date.now() / 1000) + 86_400,
  verified: true,
  roles: ['user'],
  groups: ['public', 'acme'],
};
const session = JSON.stringify({
  ...who,
  sessionID: '11111111-2222-4333-8444-555555555555',
  alias: 'ana',
  fullName: 'Ana Example',
});
const keyPair = JSON.stringify({
  ...who,
  keyID: '11111111-2222-4333-8444-555555555555',
  userName: 'Ana Example',
  userAlias: 'ana',
});

const server = createServer((request, response) => {
  const { authorization, 'api-secret': secret } = request.headers;
  const presented = authorization?.replace(/^Bearer /, '') ?? secret;
  // Readiness probes carry no credential.
  if (presented === undefined || presented.toString().startsWith('x')) {
    response.writeHead(401, { 'content-type': 'application/json' }).end('{}');
    return;
  }
  const body = authorization === undefined ? keyPair : session;
  response
    .writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-id': who.userID,
      groups: who.groups.join(','),
    })
    .end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
