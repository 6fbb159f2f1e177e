/**
 * Attacks on real proxies that call the authorizer, each with its printed configuration unchanged: no service gets an
 * undecided path, a forged identity, or a credential that it must not have; and an outage is an outage.
 */
import { once } from 'node:events';
import { connect, type IncomingHttpHeaders, type Settings } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../src/config/parse-config.ts';
import { checkPaths } from '../support/authorizer-checks.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../support/fake-auth-api.ts';
import { openRaw, type RawAnswer, sendRaw } from '../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';
import { handshakeTo, switchingProtocols } from '../support/websocket-handshake.ts';
import {
  type AskingProxy,
  familyOf,
  type ProductFamily,
  type ProductName,
  productNames,
  requireProduct,
  startAskingProxy,
} from './support/asking-proxy.ts';
import { serveOnlyDecidedPaths } from './support/decided-paths.ts';

const text = (authApi: string, service: string) => `
version: 1
server: { listen: "127.0.0.1:0", admin: false }
authorizer: { listen: "127.0.0.1:0", grpc: { listen: "127.0.0.1:0" }, timeout: 200ms, dialects: ${JSON.stringify(checkPaths)} }
authApi: { url: "${authApi}", breaker: { failures: 10000 } }
identityHeaders: { user-id: userId, groups: groups, x-user-roles: roles }
roles: { user: {}, admin: {} }
upstreams: { service: { targets: ["${service}"] } }
routes:
  - { id: open, match: { path: "/**" }, access: public, upstream: service }
  - { id: kept, match: { path: "/kept/**" }, access: public, upstream: service, path: { encodedSlash: keep, semicolon: keep, doubleEncoding: keep } }
  - { id: closed, match: { path: "/closed/**" }, access: [user], upstream: service }
  - { id: admin, match: { path: "/admin/**" }, access: [admin], upstream: service }
  - { id: kept-admin, match: { path: "/kept/admin/**" }, access: [admin], upstream: service }
  - { id: socket, match: { path: /socket }, access: [user], upstream: service, websocket: true }
`;

describe.each(productNames)('%s', (product) => {
  let authApi: FakeAuthApi;
  let service: RecordingUpstream;
  let gateway: RunningGateway;
  let proxy: AskingProxy;

  beforeAll(() => requireProduct(product));
  beforeEach(async () => {
    authApi = await startFakeAuthApi();
    authApi.addSession('good', { userId: 'ann', groups: ['acme'], roles: ['user'] });
    service = await startRecordingUpstream({
      onUpgrade: (_, socket) => void socket.write(`${switchingProtocols}hello`),
    });
    const written = text(new URL(authApi.url).origin, service.origin);
    gateway = await startGateway(written);
    const read = parseConfig(written, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
    if (!read.ok) throw new Error('the configuration of this test has problems');
    const places = { service: service.origin, ports: gateway };
    proxy = await startAskingProxy(product, read.config, places);
  });
  afterEach(async () => {
    await proxy?.stop();
    await gateway?.close();
    await Promise.all([service?.close(), authApi?.close()]);
  });

  const send = (line: string, ...headers: string[]): Promise<RawAnswer> =>
    sendRaw(proxy.port, Buffer.from([`${line} HTTP/1.1`, 'Host: a.test', ...headers, '', ''].join('\r\n'), 'latin1'));

  test('the served path is the decided path, for every hostile target', async () => {
    await serveOnlyDecidedPaths({ service, gateway }, (target) => send(`GET ${target}`));
    // Some of them are harmless unchanged.
    service.clear();
    expect((await send('GET /kept/a%2Fb;c')).status).toBe(200);
    expect(service.last().target).toBe('/kept/a%2Fb;c');
  });

  test("forwards no spelling of a client's identity header, and no credential to a protected route", async () => {
    const spellings = ['User-Id', 'USER-ID', 'user_id', 'User.Id', 'user~id', 'User_ID'];
    const names = [
      ...spellings,
      'Groups',
      'X-User-Roles',
      'X_User_Roles',
      'x-user_roles',
      'X-Rolegate-Identity',
      'X-Rolegate-Stale',
    ];
    const overrides = [
      'X-HTTP-Method-Override',
      'X-Original-URL',
      'X-Rewrite-URL',
      'X-Rolegate-Gateway',
      'Remote-User',
      'X-Forwarded-User',
      'Proxy-Authorization',
      'HTTP2-Settings',
    ];
    for (const [path, ...credential] of [['/open'], ['/closed/x', 'Authorization: Bearer good']] as const) {
      for (const name of [...names, ...overrides]) {
        service.clear();
        const answer = await send(`GET ${path}`, ...credential, `${name}: forged`);
        expect([name, answer.status === 200 || answer.status === 400]).toEqual([name, true]);
        for (const request of service.requests) expect(request.rawHeaders.join('\n')).not.toContain('forged');
      }
    }
    service.clear();
    await send('GET /closed/x', 'Authorization: Bearer good', 'User-Id: root');
    expect(service.last().header('user-id')).toEqual(['ann']);
    expect(service.last().header('x-user-roles')).toEqual(['user']);
    expect(service.last().header('authorization')).toEqual([]);
    await send('GET /open', 'Authorization: Bearer good', 'api-key: k');
    expect([service.last().header('authorization'), service.last().header('api-key')]).toEqual([
      ['Bearer good'],
      ['k'],
    ]);
    await send('GET /open');
    expect(service.last().header('user-id').join('')).toBe('');
  });

  test('a list in Connection does not remove the identity', async () => {
    await send('GET /closed/x', 'Authorization: Bearer good', 'Connection: close, User-Id, Groups');
    expect([service.last().header('user-id'), service.last().header('groups')]).toEqual([['ann'], ['acme']]);
    // Nor by a proxy further on.
    expect(service.last().header('connection').join().toLowerCase()).not.toMatch(/user-id|groups/);
    const upgrade = handshakeTo('/socket', 'Authorization: Bearer good').replace(
      'Connection: Upgrade',
      'Connection: Upgrade, User-Id',
    );
    expect((await sendRaw(proxy.port, upgrade)).status).toBe(101);
    expect(service.last().header('connection').join().toLowerCase()).not.toContain('user-id');
  });

  test.each([
    ['down', { kind: 'down' }],
    ['silent, beyond authorizer.timeout', { kind: 'slow' }],
    ['broken', { kind: 'answers', status: 500, body: '{}' }],
  ] as const)("an Auth API that is %s causes 503 with Rolegate's headers, for every method", async (_, mood) => {
    await authApi.behave(mood);
    for (const method of ['GET', 'POST', 'DELETE']) {
      const answer = await send(`${method} /closed/x`, 'Authorization: Bearer unknown', 'Content-Length: 0');
      const told = [answer.status, answer.header('x-error'), answer.header('retry-after')];
      if (product === 'envoy') {
        // It sends only the status.
        expect(answer.status).toBe(503);
        continue;
      }
      expect(told).toEqual([503, 'Authentication is temporarily unavailable', '2']);
      expect(JSON.parse(answer.text())).toMatchObject({ status: 503, errorId: answer.header('x-error-id') });
    }
    expect(service.requests).toEqual([]);
  });

  test('without Rolegate nothing is allowed, and nothing looks like a bad credential', async () => {
    expect((await send('GET /open')).status).toBe(200);
    await gateway.close();
    service.clear();
    for (const target of ['/open', '/closed/x']) {
      const { status } = await send(`GET ${target}`, 'Authorization: Bearer good');
      expect([target, status >= 500 && status <= 504]).toEqual([target, true]);
    }
    expect(service.requests).toEqual([]);
  });

  test('without the service, the status shows it', async () => {
    await service.close();
    const { status } = await send('GET /closed/x', 'Authorization: Bearer good');
    expect([502, 503, 504]).toContain(status);
  });

  test('forwards a WebSocket with the identity where the route allows it, and nowhere else', async () => {
    const connection = await openRaw(proxy.port);
    connection.write(handshakeTo('/socket', 'Authorization: Bearer good'));
    expect((await connection.answer()).status).toBe(101);
    expect(service.last().header('user-id')).toEqual(['ann']);
    connection.destroy();
    service.clear();
    expect((await sendRaw(proxy.port, handshakeTo('/socket'))).status).toBe(401);
    expect((await sendRaw(proxy.port, handshakeTo('/open'))).status).toBe(400);
    expect(service.requests).toEqual([]);
  });
});

/**
 * After a 101, both ends speak another protocol through the proxy, which then sees no requests: nothing inside is
 * decided. HTTP/2 without TLS is such a protocol, and services accept it (the class of h2c smuggling).
 */
const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const version = 'Sec-WebSocket-Version: 13';
const otherUpgrades: readonly (readonly string[])[] = [
  ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
  ['Connection: Upgrade', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
  ['Connection: Upgrade', 'Upgrade: H2C'],
  ['Connection: Upgrade', 'Upgrade: h2c', key, version],
  ['Connection: Upgrade', 'Upgrade: TLS/1.2'],
  ['Connection: Upgrade', 'Upgrade: anything'],
  ['Connection: Upgrade', 'Upgrade: websocketh2c', key, version],
  ['Connection: Upgrade', 'Upgrade: websocket, h2c', key, version],
  ['Connection: Upgrade', 'Upgrade: h2c, websocket', key, version],
  ['Connection: Upgrade', 'Upgrade: websocket', 'Upgrade: h2c', key, version],
  ['Connection: Upgrade', 'Upgrade: h2c', 'Upgrade: websocket', key, version],
  ['Connection: Upgrade', 'Upgrade: websocket/13', key, version],
  // Without a key it is decided as an ordinary request, so it must be one.
  ['Connection: Upgrade', 'Upgrade: websocket'],
  ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key:', version],
];

function passOnAnything(printed: string): string {
  return printed.replace('upgrade_type: websocket', 'upgrade_type: anything');
}

/** Changes a printed configuration to forward every upgrade. */
const passOnUpgrades: Readonly<Record<ProductFamily, (printed: string) => string>> = {
  nginx: (printed) =>
    printed
      .replace('proxy_set_header Upgrade $rolegate_upgrade;', 'proxy_set_header Upgrade $http_upgrade;')
      .replace('proxy_set_header Connection $rolegate_connection;', 'proxy_set_header Connection upgrade;'),
  caddy: (printed) => printed.replaceAll(/.*request_header @(?:websocket|plain) .*\n/g, ''),
  haproxy: (printed) => printed.replace(/.*del-header upgrade unless.*\n/, ''),
  traefik: (printed) => printed.replaceAll(/ *Upgrade: .*\n/g, '          X-Unused: ""\n'),
  envoy: passOnAnything,
  'envoy-grpc': passOnAnything,
};

describe.each(productNames)('upgrades through %s', (product) => {
  let service: RecordingUpstream;
  let gateway: RunningGateway;
  let authApi: FakeAuthApi;
  let proxy: AskingProxy;

  beforeAll(() => requireProduct(product));
  async function start(edit?: (printed: string) => string): Promise<void> {
    authApi = await startFakeAuthApi();
    authApi.addSession('good', { userId: 'ann', roles: ['user'] });
    onTestFinished(() => authApi.close());
    service = await startRecordingUpstream({ onUpgrade: (_, socket) => void socket.end(switchingProtocols) });
    onTestFinished(() => service.close());
    const written = text(new URL(authApi.url).origin, service.origin);
    gateway = await startGateway(written);
    onTestFinished(() => gateway.close());
    const read = parseConfig(written, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
    if (!read.ok) throw new Error('the configuration of this test has problems');
    proxy = await startAskingProxy(product, read.config, { service: service.origin, ports: gateway }, edit);
    onTestFinished(() => proxy.stop());
  }

  /** What the service received as `Upgrade` and `HTTP2-Settings`. */
  async function served(target: string, headers: readonly string[]): Promise<readonly string[]> {
    service.clear();
    const lines = [`GET ${target} HTTP/1.1`, 'Host: a.test', 'Authorization: Bearer good', ...headers, '', ''];
    await sendRaw(proxy.port, Buffer.from(lines.join('\r\n')));
    return service.requests.flatMap((request) => [...request.header('upgrade'), ...request.header('http2-settings')]);
  }

  test('only that of a WebSocket, where it was decided as one', async () => {
    await start();
    const [upgrade, ...rest] = await served('/socket', ['Connection: Upgrade', 'Upgrade: WebSocket', key, version]);
    expect([upgrade?.toLowerCase(), rest]).toEqual(['websocket', []]);
    for (const headers of otherUpgrades) {
      expect([headers, await served('/open', headers)]).toEqual([headers, []]);
      const atSocket = await served('/socket', headers);
      if (atSocket.length > 0) expect([headers, atSocket]).toEqual([headers, ['websocket']]);
    }
  });

  test('control: with a configuration that forwards them, the service switches protocols', async () => {
    await start(passOnUpgrades[familyOf(product)]);
    expect(await served('/open', ['Connection: Upgrade', 'Upgrade: anything'])).toEqual(['anything']);
  });
});

/** With an identity in it. Returns the response, and whether the service received it. */
async function sendTrailer(product: ProductName, announced: boolean, edit?: (printed: string) => string) {
  let body = '';
  const service = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (part: Buffer) => {
      body += part.toString('latin1');
      if (/\r\n0\r\n(?:.*\r\n)*\r\n$/.test(body) || /content-length/i.test(body))
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
  });
  await once(service.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void service.close());
  const origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const written = text('http://127.0.0.1:9', origin);
  const gateway = await startGateway(written);
  onTestFinished(() => gateway.close());
  const read = parseConfig(written, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error('the configuration of this test has problems');
  const proxy = await startAskingProxy(product, read.config, { service: origin, ports: gateway }, edit);
  onTestFinished(() => proxy.stop());
  const head = ['POST /open HTTP/1.1', 'Host: a.test', 'Transfer-Encoding: chunked', 'Connection: close'];
  const lines = [...head, ...(announced ? ['Trailer: user-id'] : []), '', '1', 'a', '0', 'user-id: evil', '', ''];
  const answer = await sendRaw(proxy.port, Buffer.from(lines.join('\r\n')));
  return { status: answer.status, error: answer.header('x-error'), received: /^user-id: evil/im.test(body) };
}

describe.each(productNames)('trailers through %s', (product) => {
  beforeAll(() => requireProduct(product));

  test('an announced one reaches no service', async () => {
    const { status, error, received } = await sendTrailer(product, true);
    expect(received).toBe(false);
    if (familyOf(product) === 'haproxy') expect([status, error]).toEqual([400, 'Trailers are not accepted here']);
  });

  test('one that is not announced reaches a service only through HAProxy before 3.2', async () => {
    const { received } = await sendTrailer(product, false);
    expect(received).toBe(familyOf(product) === 'haproxy');
  });
});

const haproxies = productNames.filter((name) => familyOf(name) === 'haproxy');

describe.each(haproxies)('trailers through %s without the script', (product) => {
  beforeAll(() => requireProduct(product));

  test('control: HAProxy before 3.2 forwards an announced one', async () => {
    const { received } = await sendTrailer(product, true, (printed) =>
      printed.replace('  http-request lua.rolegate\n', ''),
    );
    expect(received).toBe(true);
  });
});

/** HAProxy translates a WebSocket over HTTP/2 (RFC 8441) to HTTP/1.1 for the service. */
describe.each(haproxies)('%s over HTTP/2', (product) => {
  beforeAll(() => requireProduct(product));

  test.each([
    ['/open', 400, 'This upgrade is not supported here'],
    ['/socket', 401, 'A credential is required'],
  ])('a WebSocket to %s is decided as one', async (path, status, error) => {
    let upgrades = 0;
    const service = await startRecordingUpstream({
      onUpgrade: (_, socket) => {
        upgrades += 1;
        socket.destroy();
      },
    });
    onTestFinished(() => service.close());
    const written = text('http://127.0.0.1:9', service.origin);
    const gateway = await startGateway(written);
    onTestFinished(() => gateway.close());
    const read = parseConfig(written, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
    if (!read.ok) throw new Error('the configuration of this test has problems');
    const proxy = await startAskingProxy(product, read.config, { service: service.origin, ports: gateway });
    onTestFinished(() => proxy.stop());
    const client = connect(`http://127.0.0.1:${proxy.port}`);
    onTestFinished(() => client.destroy());
    const [{ enableConnectProtocol }] = (await once(client, 'remoteSettings')) as [Settings];
    expect(enableConnectProtocol).toBe(true);
    const asked = client.request({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'http',
      ':authority': 'a.test',
      ':path': path,
      'sec-websocket-version': '13',
    });
    const [headers] = (await once(asked, 'response')) as [IncomingHttpHeaders];
    expect([headers[':status'], headers['x-error'], upgrades]).toEqual([status, error, 0]);
  });
});
