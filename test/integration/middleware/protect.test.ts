/** A `node:http` server that Rolegate protects in its own process: only decided requests reach the application. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer, get } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Authorizer, createAuthorizer } from '../../../src/app/create-in-process.ts';
import { canonicalPath } from '../../../src/core/url/canonical-path.ts';
import { hostileTargets as hostileTargetsOf } from '../../../src/policy-tools/hostile-targets.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { hostileTargets } from '../../support/hostile-targets.ts';
import { certificate, key } from '../../support/localhost-certificate.ts';
import { openRaw, sendRaw } from '../../support/raw-client.ts';
import { handshakeTo } from '../../support/websocket-handshake.ts';

let authApi: FakeAuthApi;
let authorizer: Authorizer;
let server: Server;
let seen: { readonly url: string; readonly rawHeaders: string[]; readonly headers: object; body: string }[];
let logged: string;

const configOf = (url: string) => ({
  version: 1,
  server: { trustedProxies: ['127.0.0.9'] },
  authApi: { url: new URL(url).origin, breaker: { failures: 10_000 } },
  roles: { user: {}, admin: {} },
  routes: [
    { id: 'open', match: { path: '/**' }, access: 'public' },
    { id: 'closed', match: { path: '/closed/**' }, access: ['user'] },
    { id: 'admin', match: { path: '/admin/**' }, access: ['admin'] },
    { id: 'socket', match: { path: '/socket' }, access: ['user'], websocket: true },
    { id: 'kept', match: { path: '/kept/**' }, access: 'public', path: { encodedSlash: 'keep', semicolon: 'keep' } },
    { id: 'short', match: { path: '/v1/**' }, access: 'public', rewrite: { stripPrefix: '/v1' } },
  ],
});

const port = () => (server.address() as AddressInfo).port;
const send = (line: string, ...headers: string[]) =>
  sendRaw(port(), Buffer.from([`${line} HTTP/1.1`, 'Host: a.test', ...headers, '', ''].join('\r\n'), 'latin1'));

beforeEach(async () => {
  authApi = await startFakeAuthApi();
  authApi.addSession('good', { userId: 'ann', roles: ['user'], groups: ['acme'] });
  seen = [];
  logged = '';
  authorizer = createAuthorizer(configOf(authApi.url), {
    env: {},
    logTo: {
      write: (lines) => {
        logged += lines;
      },
    },
  });
  server = authorizer.protect(createServer());
  server.on('request', (request, response) => {
    const { url = '', rawHeaders, headers } = request;
    const one = { url, rawHeaders, headers, body: '' };
    seen.push(one);
    request.setEncoding('utf8').on('data', (part: string) => {
      one.body += part;
    });
    request.on('end', () => response.end(JSON.stringify([request.rawTrailers, request.trailers])));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await authorizer.close();
  await authApi.close();
});

test('no hostile target reaches an undecided path', async () => {
  const targets = [...new Set([...hostileTargets, ...hostileTargetsOf('/admin/x', '/kept')])];
  expect(targets.length).toBeGreaterThanOrEqual(80);
  for (const target of targets) {
    seen = [];
    const { status } = await send(`GET ${target}`);
    expect([target, status < 500]).toEqual([target, true]);
    for (const { url } of seen) {
      const path = url.split('?', 1)[0]!;
      expect([target, canonicalPath(path)]).toMatchObject([target, { path }]);
      expect([target, /^\/+admin(?:\/|$)/.test(decodeURIComponent(path))]).toEqual([target, false]);
    }
  }
});

test('the application sees the canonical path', async () => {
  expect((await send('GET /a/./b/../%61?q=%2e')).status).toBe(200);
  expect((await send('GET /kept/a%2fb;c')).status).toBe(200);
  expect((await send('GET /v1/orders?x=1')).status).toBe(200);
  expect(seen.map(({ url }) => url)).toEqual(['/a/a?q=%2e', '/kept/a%2Fb;c', '/orders?x=1']);
});

test.each(['User-Id', 'USER-ID', 'user_id', 'User.Id', 'user~id', 'User_ID', 'Groups', 'X-Rolegate-Identity'])(
  'a client cannot send %s',
  async (name) => {
    for (const [path, ...credential] of [['/open'], ['/closed/x', 'Authorization: Bearer good']] as const)
      expect((await send(`GET ${path}`, ...credential, `${name}: forged`)).status).toBe(200);
    for (const { rawHeaders, headers } of seen) expect(JSON.stringify([rawHeaders, headers])).not.toContain('forged');
    expect(seen[1]!.headers).toMatchObject({ 'user-id': 'ann', groups: 'acme' });
  },
);

test('credentials of protected routes do not reach the application, others do', async () => {
  await send('GET /closed/x', 'Authorization: Bearer good');
  await send('GET /open', 'Authorization: Bearer good', 'Accept: a', 'Accept: b', 'Cookie: a=1', 'Cookie: b=2');
  expect(JSON.stringify(seen[0])).not.toMatch(/bearer/i);
  expect(seen[1]!.headers).toMatchObject({ authorization: 'Bearer good', accept: 'a, b', cookie: 'a=1; b=2' });
});

test('refuses a repeated credential, of which Node shows only the first', async () => {
  const answer = await send('GET /closed/x', 'Authorization: Bearer good', 'Authorization: Bearer other');
  expect([answer.status, answer.header('x-error')]).toEqual([400, 'A credential header was sent more than once']);
  expect(JSON.parse(answer.text())).toMatchObject({ code: 'credential_repeated' });
});

test('a body arrives with its framing, and trailers are dropped', async () => {
  const chunked = [
    'POST /closed/x HTTP/1.1',
    'Host: a.test',
    'Authorization: Bearer good',
    'Transfer-Encoding: chunked',
  ];
  const body = '4\r\nbody\r\n0\r\nUser-Id: forged\r\n\r\n';
  const answer = await sendRaw(port(), `${[...chunked, '', ''].join('\r\n')}${body}`);
  expect([answer.status, answer.text()]).toEqual([200, '[[],{}]']);
  expect(seen[0]).toMatchObject({ body: 'body', headers: { 'transfer-encoding': 'chunked', 'user-id': 'ann' } });
});

test('an outage of the Auth API is 503, and never allows anything', async () => {
  await authApi.behave({ kind: 'down' });
  const answer = await send('GET /closed/x', 'Authorization: Bearer good');
  expect([answer.status, answer.header('x-error'), answer.header('retry-after')]).toEqual([
    503,
    'Authentication is temporarily unavailable',
    '2',
  ]);
  expect(seen).toEqual([]);
});

test('each request has a line in the log and counts in the metrics', async () => {
  await send('GET /closed/x', 'Authorization: Bearer good');
  await send('GET /closed/x');
  await authorizer.close();
  const lines = logged
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.filter(({ msg }) => msg === 'request')).toMatchObject([
    { entrypoint: 'middleware', route: 'closed', status: 200, outcome: 'allow', userId: 'ann' },
    { entrypoint: 'middleware', route: 'closed', status: 401, outcome: 'refuse', reason: 'credential_missing' },
  ]);
  expect(await authorizer.metrics()).toContain(
    'rolegate_requests_total{route="closed",method="GET",status="200",outcome="allow"} 1',
  );
});

describe('an upgrade', () => {
  beforeEach(() => {
    server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
      const { rolegate, headers } = request;
      socket.end(
        `HTTP/1.1 101 Switching Protocols\r\nX-User: ${rolegate?.identity?.userId} ${headers.upgrade}\r\n\r\n`,
      );
    });
  });

  test('reaches the application if allowed', async () => {
    const connection = await openRaw(port());
    connection.write(handshakeTo('/socket', 'Authorization: Bearer good', 'User-Id: forged'));
    const answer = await connection.answer();
    expect([answer.status, answer.header('x-user')]).toEqual([101, 'ann websocket']);
    connection.destroy();
  });

  test.each([
    ['without a credential', '/socket', 401],
    ['to a route without WebSockets', '/open', 400],
  ])('%s is refused like any request', async (_, path, status) => {
    const answer = await sendRaw(port(), handshakeTo(path));
    expect([answer.status, answer.header('connection')]).toEqual([status, 'close']);
    expect(JSON.parse(answer.text())).toMatchObject({ status, errorId: answer.header('x-error-id') });
  });

  test.each(['GET /open HTTP/1.1\r\nHost: a.test\r\n\r\n', 'GET /open HTTP/1.1\r\n\r\n'])(
    'after an unfinished response only ends the connection: %j',
    async (first) => {
      const connection = await openRaw(port());
      connection.write(first + handshakeTo('/socket', 'Authorization: Bearer good'));
      await connection.closed();
      expect((await send('GET /open')).status).toBe(200);
    },
  );

  test.each(['foo', 'websocket, foo', 'websocket/13'])(
    'to %s is decided as a request without one, and never becomes one',
    async (protocol) => {
      const asked = handshakeTo('/open').replace('Upgrade: websocket', `Upgrade: ${protocol}`);
      const answer = await sendRaw(port(), asked);
      expect([answer.status, JSON.parse(answer.text())]).toMatchObject([400, { code: 'upgrade_unsupported' }]);
    },
  );

  test('by CONNECT is refused', async () => {
    let connected = 0;
    server.on('connect', () => {
      connected += 1;
    });
    expect((await send('CONNECT a.test:443')).status).toBe(501);
    expect(connected).toBe(0);
  });
});

test('over TLS the scheme is https, whatever the client claims', async () => {
  const secure = authorizer.protect(
    createSecureServer({ cert: certificate, key }, ({ headers }, response) => response.end(JSON.stringify(headers))),
  );
  secure.listen(0, '127.0.0.1');
  await once(secure, 'listening');
  const { port: own } = secure.address() as AddressInfo;
  const options = { port: own, host: '127.0.0.1', servername: 'localhost', ca: certificate, agent: false } as const;
  const asked = get({ ...options, path: '/open', headers: { 'x-forwarded-proto': 'http', 'user-id': 'forged' } });
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const seenThere = JSON.parse((await response.toArray()).join('')) as Record<string, string>;
  expect([seenThere['x-forwarded-proto'], seenThere['user-id']]).toEqual(['https', undefined]);
  secure.close();
  secure.closeAllConnections();
});

test('adds no listener to the process', async () => {
  const listeners = () => process.eventNames().map((name) => [name, process.listenerCount(name)]);
  const before = listeners();
  const other = createAuthorizer({ ...configOf(authApi.url), log: { level: 'silent' } }, { env: {} });
  expect(listeners()).toEqual(before);
  await other.close();
});

test('refuses every request after it is closed', async () => {
  await authorizer.close();
  await authorizer.close();
  const answer = await send('GET /open');
  expect([answer.status, JSON.parse(answer.text())]).toMatchObject([503, { code: 'draining' }]);
});

test('refuses anything other than a server', () => {
  expect(() => authorizer.protect({} as Server)).toThrow('expected a server of node:http or node:https');
});

test('settings that only the proxy supports are a problem, and so is a setting that would open a port', () => {
  const text = `version: 1
server: { listen: ":8080", admin: ":9090", workers: 2 }
authorizer: { listen: "127.0.0.1:8070", dialects: { nginx: /nginx } }
authApi: { embedded: { database: "sqlite::memory:", secret: "0123456789012345678901234567890123456789" } }
upstreams: { orders: { targets: ["http://orders:8080"] } }
defaults: { timeout: 5s }
errors: { annotate: all }
routes:
  - { id: a, match: { path: /a }, access: public, maxBody: 1mb, evict: { user: "{id}" }, responseHeaders: { remove: [server] } }
`;
  let problems: readonly string[] = [];
  try {
    createAuthorizer({ text }, { env: {} });
  } catch (error) {
    problems = (error as { problems: { message: string }[] }).problems.map(({ message }) => message);
  }
  expect(
    problems.filter((message) => message.includes('inside an application')).map((message) => message.split('"')[1]),
  ).toEqual(
    expect.arrayContaining([
      'listen',
      'admin',
      'workers',
      'authorizer',
      'embedded',
      'upstreams',
      'timeout',
      'errors',
      'maxBody',
      'evict',
      'remove',
    ]),
  );
});
