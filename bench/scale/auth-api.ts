/**
 * An Auth API that counts calls: accepts every bearer except those that were ended. `GET /counted` returns the number of calls,
 * `PUT /ended/<bearer>` ends a bearer.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const ended = new Set<string>();
let calls = 0;

const server = createServer((request, response) => {
  const { method, url = '', headers } = request;
  if (url === '/counted') {
    response.end(String(calls));
    return;
  }
  if (method === 'PUT' && url.startsWith('/ended/')) {
    ended.add(url.slice('/ended/'.length));
    response.end();
    return;
  }
  const bearer = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1];
  // Readiness probes carry no bearer.
  if (bearer === undefined) {
    response.writeHead(401).end('{}');
    return;
  }
  calls += 1;
  const body = ended.has(bearer) ? '{}' : sessionOf(bearer);
  response.writeHead(ended.has(bearer) ? 401 : 200, { 'content-type': 'application/json' }).end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});

function sessionOf(bearer: string): string {
  const hash = createHash('sha256').update(bearer).digest('hex');
  const id = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
  const expireAt = Math.floor(Date.now() / 1000) + 86_400;
  return JSON.stringify({ userID: id, sessionID: id, expireAt, verified: true, roles: ['user'], groups: ['public'] });
}
