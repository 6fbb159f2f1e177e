/**
 * The Auth API of the benchmarks: accepts every bearer and key pair except those that begin with "x", with minimal work. Bearers that
 * begin with "a" are of administrators. The headers and `?role=` are for peers that cannot parse JSON: 403 without that role.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

const who = {
  userID: '66666666-7777-4888-9999-aaaaaaaaaaaa',
  expireAt: Math.floor(Date.now() / 1000) + 86_400,
  verified: true,
  roles: ['user'],
  groups: ['public', 'acme'],
};
const sessionOf = (roles: readonly string[]) =>
  JSON.stringify({
    ...who,
    roles,
    sessionID: '11111111-2222-4333-8444-555555555555',
    alias: 'ana',
    fullName: 'Ana Example',
  });
const sessions = { user: sessionOf(['user']), admin: sessionOf(['user', 'admin']) };
const keyPair = JSON.stringify({
  ...who,
  keyID: '11111111-2222-4333-8444-555555555555',
  userName: 'Ana Example',
  userAlias: 'ana',
});

const server = createServer((request, response) => {
  if (request.url === '/introspect') {
    introspect(request, response);
    return;
  }
  const { authorization, 'api-secret': secret } = request.headers;
  const presented = authorization?.replace(/^Bearer /, '') ?? secret;
  // Readiness probes carry no credential.
  if (presented === undefined || presented.toString().startsWith('x')) {
    response.writeHead(401, { 'content-type': 'application/json' }).end('{}');
    return;
  }
  const kind = presented.toString().startsWith('a') ? 'admin' : 'user';
  if (kind === 'user' && request.url?.endsWith('?role=admin') === true) {
    response.writeHead(403, { 'content-type': 'application/json' }).end('{}');
    return;
  }
  const body = authorization === undefined ? keyPair : sessions[kind];
  response
    .writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-id': who.userID,
      groups: who.groups.join(','),
    })
    .end(body);
});

/** RFC 7662, for peers that ask nothing else. */
async function introspect(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const token = new URLSearchParams(await text(request)).get('token') ?? 'x';
  const scope = token.startsWith('a') ? 'user admin' : 'user';
  const result = token.startsWith('x')
    ? { active: false }
    : { active: true, sub: who.userID, scope, exp: who.expireAt };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
