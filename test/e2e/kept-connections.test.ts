/**
 * Nothing of an earlier request shows in a later one on the same connection, on either side of the gateway: every
 * request reaches the service as on its own connection, and so does the response reach the client.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { patienceMs, runs } from '../property/support.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../support/fake-auth-api.ts';
import { openRaw, type RawAnswer, type RawConnection, sendRaw } from '../support/raw-client.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';

/** By the number in the request's query: head and body, and whether they arrive in one piece. */
const answers: readonly (readonly string[])[] = [
  ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n', 'ho'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhee'],
  ['HTTP/1.1 200 Ok\r\nContent-Length: 2\r\n\r\nhi'],
  ['HTTP/1.1 201 OK\r\nContent-Length: 2\r\n\r\nhi'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n', '1\r\n!\r\n0\r\n\r\n'],
  ['HTTP/1.1 204 No Content\r\nServer: a\r\n\r\n'],
  ['HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 2\r\n\r\n'],
  ['HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 2\r\n\r\nhi'],
  ['HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:01 GMT\r\nContent-Length: 2\r\n\r\nhi'],
  ['HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 2\r\n\r\nhi'],
  ['HTTP/1.1 200 OK\r\nSet-Cookie: a=2\r\nContent-Length: 2\r\n\r\nhi'],
  ['HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno'],
  [
    'HTTP/1.1 404 Not Found\r\nx-error: gone\r\nx-error-id: 00000000-0000-5000-8000-00000000000a\r\nContent-Length: 2\r\n\r\nno',
  ],
  ['HTTP/1.1 500 Oops\r\nx-error: half\r\nContent-Length: 2\r\n\r\nno'],
  ['HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nVary: Accept\r\nContent-Length: 2\r\n\r\nhi'],
  ['HTTP/1.1 200 OK\r\nUser-Id: a\r\nConnection: x-a\r\nX-A: b\r\nVia: 1.1 c\r\nContent-Length: 2\r\n\r\nhi'],
  ['HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'],
  ['HTTP/1.1 200 OK\r\nX-Frame-Options: SAMEORIGIN\r\nServer: b\r\nContent-Length: 2\r\n\r\nhi'],
  [`HTTP/1.1 200 OK\r\nX-Long: ${'a'.repeat(2_100)}\r\nContent-Length: 2\r\n\r\nhi`],
  ['HTTP/1.1 200 OK\r\nKeep-Alive: timeout=3\r\nContent-Length: 0\r\n\r\n'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 20\r\nContent-Length: 20\r\n\r\nhi'],
  [`HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n`, 'b'.repeat(30_000)],
];

/** A service that responds as instructed, and ends each connection after one response if `once` is set. */
async function startService(onlyOnce: boolean) {
  const received: string[] = [];
  const open = new Set<Socket>();
  let ended: Promise<unknown> = Promise.resolve();
  const server = createServer({ noDelay: true }, (socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    let text = '';
    socket.on('data', async (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (!text.endsWith('\r\n\r\n')) return;
      received.push(text);
      const number = Number(/[?&]a=(\d+)/.exec(text)?.[1] ?? 0);
      const head = text.startsWith('HEAD ');
      text = '';
      // A response to HEAD ends with its head, whatever precedes it.
      const parts = head
        ? [/^(?:HTTP\/1.1 103 [\s\S]*?\r\n\r\n)?[\s\S]*?\r\n\r\n/.exec(answers[number]!.join(''))![0]]
        : answers[number]!;
      if (onlyOnce) ended = once(socket, 'close');
      for (const [index, part] of parts.entries()) {
        if (index > 0) await new Promise((resolve) => setImmediate(resolve));
        socket.write(part, 'latin1');
      }
      if (onlyOnce) socket.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    /** The connection of the last response is closed on both sides. */
    settled: () => ended,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
type Service = Awaited<ReturnType<typeof startService>>;

const settings = [
  'identityHeaders: { user-id: userId, groups: groups }',
  'identityHeaders: { x-who: userId, user-id: roles }\nerrors: { annotate: all }\ndefaults: { responseHeaders: { security: strict, remove: [server] } }',
  'credentials: { keyPair: { apiKeyHeader: x-key }, bearerCookie: session }',
];
const routeOrders = [
  ['open', 'kept', 'ann', 'staff', 'pages', 'either'],
  ['either', 'pages', 'staff', 'kept', 'open'],
];

function configText(origin: string, port: number, variant: number): string {
  const routes: Readonly<Record<string, string>> = {
    open: 'match: { path: "/open/**" }, access: public',
    kept: 'match: { path: "/kept/{a}" }, access: authenticated, forwardCredentials: true',
    ann: 'match: { path: "/ann/**" }, access: { "GET,DELETE": [user] }, responseHeaders: { set: { x-a: ours } }',
    staff: 'match: { path: "/staff/**" }, access: [admin]',
    pages: 'match: { path: "/pages/**" }, access: public, cors: { origins: ["https://a.test", "https://b.test"] }',
    either: 'match: { path: "/**" }, access: optional',
  };
  const order = routeOrders[variant % 2]!;
  return `version: 1
server: { listen: "127.0.0.1:0", admin: false, trustedProxies: ["127.0.0.1"] }
authApi: { url: "http://127.0.0.1:${port}" }
roles: { user: {}, admin: { inherits: [user] } }
upstreams: { service: { targets: ["${origin}"] } }
${settings[variant % 3]}
routes:
${order.map((id) => `  - { id: ${id}, upstream: service, ${routes[id]} }`).join('\n')}
`;
}

const hosts = ['Host: a.test', 'Host: a.test', 'Host: b.test', 'Host: A.test:80'];
const credentials = [
  ['Authorization: Bearer ann'],
  ['Authorization: Bearer ann'],
  ['Authorization: Bearer root'],
  ['authorization: bearer nobody'],
  ['api-key: k', 'api-secret: s'],
  ['x-key: k', 'api-secret: s'],
  ['Cookie: session=root; b=c'],
  [],
];
const origins = [['Origin: https://a.test'], ['Origin: https://b.test'], []];
const others = [
  'X-Forwarded-For: 192.0.2.1',
  'X-Forwarded-For: 192.0.2.2',
  'X-Forwarded-For: 198.51.100.1, 192.0.2.1',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: c.test',
  'X-Request-Id: theirs-1',
  'X-Request-Id: theirs-2',
  'User-Id: root',
  'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  'Via: 1.1 c',
  'Early-Data: 1',
  'Connection: keep-alive',
  'Accept: */*',
];
const head = fc
  .tuple(
    fc.constantFrom(...hosts).map((line) => [line]),
    fc.constantFrom(...credentials),
    fc.constantFrom(...origins),
    fc.subarray(others, { maxLength: 3 }),
  )
  .map((parts) => parts.flat().join('\r\n'));
const path = fc.constantFrom('/open/a', '/open/b', '/kept/c', '/ann/d', '/staff/e', '/pages/f', '/other/g', '//open/a');
/** With few heads, paths and responses, so they repeat often. */
const sequence = fc.record({
  heads: fc.array(head, { minLength: 1, maxLength: 2 }),
  paths: fc.array(path, { minLength: 1, maxLength: 3 }),
  answered: fc.array(fc.nat(answers.length - 1), { minLength: 1, maxLength: 2 }),
  requests: fc.array(
    fc.record({
      head: fc.nat(1),
      path: fc.nat(2),
      answer: fc.nat(1),
      method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'DELETE', 'OPTIONS'),
      reload: fc.option(fc.nat(5), { freq: 9 }),
    }),
    { minLength: 4, maxLength: 14, size: 'max' },
  ),
});

type Sequence = typeof sequence extends fc.Arbitrary<infer T> ? T : never;

let authApi: FakeAuthApi;
let services: readonly [Service, Service];
let gateways: readonly [RunningGateway, RunningGateway];
beforeAll(async () => {
  authApi = await startFakeAuthApi();
  const expireAt = Math.floor(Date.now() / 1000) + 36_000;
  authApi.addSession('ann', { userId: 'ann', roles: ['user'], groups: ['a', 'b'], expireAt });
  authApi.addSession('root', { userId: 'root', roles: ['admin'], groups: [], expireAt });
  authApi.addKeyPair('k', 's', { userId: 'key', roles: ['user'], expireAt });
  services = [await startService(false), await startService(true)];
  gateways = [
    await startGateway(configText(services[0].origin, authApi.port, 0)),
    await startGateway(configText(services[1].origin, authApi.port, 0)),
  ];
});
afterAll(async () => {
  for (const one of [...gateways, ...services, authApi]) await one.close();
});

const ids = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;
const withoutIds = (text: string) => text.replace(ids, 'id');

/**
 * The framing of a body depends on whether it was complete when the head was sent; its reader checks that it is
 * complete.
 */
const framing = /^(?:content-length|transfer-encoding)$/;

function plainly({ status, statusText, rawHeaders, complete, text }: RawAnswer): string {
  const shown = [`${status} ${statusText} ${complete}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    const value = rawHeaders[i + 1]!;
    if (framing.test(name) && text() !== '') shown.push('framed');
    else if (name !== 'date' || value.includes('1970')) shown.push(`${name}: ${value}`);
  }
  return withoutIds([...shown.sort(), '', text()].join('\n'));
}

test('each request and its response equal those of a separate connection', { timeout: 3 * patienceMs }, async () => {
  let compared = 0;
  const used = new Set<string>();
  const play = async ({ heads, paths, answered, requests }: Sequence) => {
    let kept: RawConnection | null = null;
    try {
      for (const { method, reload, ...at } of requests) {
        if (reload !== null) {
          gateways.forEach((gateway, index) => {
            gateway.apply(configText(services[index]!.origin, authApi.port, reload));
          });
        }
        const target = `${paths[at.path % paths.length]}?a=${answered[at.answer % answered.length]}`;
        const bytes = `${method} ${target} HTTP/1.1\r\n${heads[at.head % heads.length]}\r\n\r\n`;
        for (const service of services) service.received.length = 0;
        kept ??= await openRaw(gateways[0].port);
        kept.write(bytes);
        const behind = await kept.answer(method);
        const alone = await sendRaw(gateways[1].port, bytes);
        await services[1].settled();
        expect(plainly(behind)).toBe(plainly(alone));
        const [got, expected] = services.map(({ received, origin }) =>
          received.map((text) => withoutIds(text).replaceAll(origin.slice(7), 'service')),
        );
        expect(got).toEqual(expected);
        // Of one request each.
        const made = `${behind.rawHeaders} ${services[0].received}`.match(ids) ?? [];
        for (const id of made) expect(used.has(id)).toBe(false);
        for (const id of made) used.add(id);
        compared += 1;
        if (behind.header('connection') !== 'close') continue;
        kept.destroy();
        kept = null;
      }
    } finally {
      kept?.destroy();
    }
  };
  await fc.assert(fc.asyncProperty(sequence, play), runs(120));
  expect(compared).toBeGreaterThan(600);
});
