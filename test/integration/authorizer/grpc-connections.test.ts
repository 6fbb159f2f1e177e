/** Connections of proxies that call over gRPC: allowed peers, TLS, health, age, load and drain. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { authorization, health } from '../../../src/authorizer/grpc/messages.ts';
import { type Authority, createAuthority } from '../../support/certificates.ts';
import { connectExtAuthz, type ExtAuthzClient } from '../../support/ext-authz-client.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

const secret = 'a-secret-that-the-proxies-share-with-us';
let authApi: FakeAuthApi;
let gateway: RunningGateway;
let proxy: ExtAuthzClient;

beforeAll(async () => {
  authApi = await startFakeAuthApi();
  authApi.addSession('good', { userId: 'ann', groups: ['acme'], roles: ['user'] });
});
beforeEach(() => authApi.behave({ kind: 'fine' }));
afterEach(async () => {
  proxy?.close();
  await gateway?.close();
});
afterAll(() => authApi.close());

function config(grpc = '', authorizer = '', path = '/closed/**'): string {
  return `
version: 1
server: { listen: false, admin: "127.0.0.1:0" }
authorizer: { grpc: { listen: "127.0.0.1:0"${grpc} }${authorizer} }
authApi: { url: "${new URL(authApi.url).origin}", timeout: 10s, breaker: { failures: 10000 } }
routes:
  - { id: closed, match: { path: "${path}" }, access: authenticated }
`;
}

const request = (bearer = 'good', target = '/closed/x') => ({
  method: 'GET',
  target,
  rawHeaders: ['Host', 'api.example.test', 'Authorization', `Bearer ${bearer}`],
});

async function start(text: string, readSecret?: (path: string) => string): Promise<void> {
  gateway = await startGateway(text, readSecret);
  proxy = connectExtAuthz(gateway.grpcPort);
}

describe('allowed peers', () => {
  test('connections of other peers are closed, and one line reports it', async () => {
    await start(config('', ', peers: [192.0.2.1]'));
    await expect(proxy.ask(request())).rejects.toMatchObject({ code: status.UNAVAILABLE });
    expect(gateway.logLines().filter(({ level }) => level === 'warn')).toMatchObject([{ client: '127.0.0.1' }]);
  });

  test('a peer that a reload has removed loses its connection', async () => {
    await start(config());
    expect((await proxy.ask(request())).allowed).toBe(true);
    gateway.apply(config('', ', peers: [192.0.2.1]'));
    await expect(proxy.ask(request())).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  test.each([
    ['no secret', {}, false],
    ['another one', { 'x-rolegate-authorizer': `${secret}x` }, false],
    ['a repeated secret', { 'x-rolegate-authorizer': [secret, secret] }, false],
    ['it', { 'x-rolegate-authorizer': secret }, true],
  ])('with a secret: %s', async (_, sends, answered) => {
    await start(config('', `, secret: ${secret}`));
    const asked = proxy.ask(request(), { sends });
    if (answered) expect((await asked).allowed).toBe(true);
    else {
      await expect(asked).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
      expect(gateway.logText()).toContain('authorizer.secret');
    }
    expect(gateway.logText()).not.toContain(secret);
  });

  test("the secret of a call is not the client's", async () => {
    await start(config('', `, secret: ${secret}`));
    const sent = { ...request(), rawHeaders: [...request().rawHeaders, 'x-rolegate-authorizer', secret] };
    await expect(proxy.ask(sent)).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
  });

  test('through a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rolegate-test-'));
    const path = join(folder, 'grpc.sock');
    gateway = await startGateway(config().replace('grpc: { listen: "127.0.0.1:0"', `grpc: { listen: "unix:${path}"`));
    proxy = connectExtAuthz(`unix:${path}`);
    expect((await proxy.ask(request())).header('user-id')).toBe('ann');
    await gateway.close();
    rmSync(folder, { recursive: true });
  });
});

describe('a check that does not arrive completely', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-test-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const asGrpc = {
    ':method': 'POST',
    ':path': authorization.Check.path,
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  const parts: readonly (readonly [name: string, begin: (stream: ClientHttp2Stream) => void])[] = [
    ['no bytes', () => {}],
    ['a part of its length', (stream) => stream.write(Buffer.from([0, 0]))],
    ['a part of its message', (stream) => stream.write(Buffer.from([0, 0, 0, 0, 9, 1]))],
    // gRPC allows this, and a handler that waits for the end never runs.
    ['a message without an end', (stream) => stream.write(Buffer.from([0, 0, 0, 0, 0]))],
  ];

  test.each(parts.flatMap(([name, begin]) => [false, true].map((unix) => [name, unix, begin] as const)))(
    'closes the connection of one with %s after authorizer.timeout (Unix socket: %s)',
    async (_, unix, begin) => {
      const path = join(folder, 'grpc.sock');
      const text = config('', ', timeout: 100ms');
      gateway = await startGateway(unix ? text.replace('listen: "127.0.0.1:0"', `listen: "unix:${path}"`) : text);
      const session = connectHttp2('http://rolegate', {
        createConnection: () => (unix ? connect(path) : connect(gateway.grpcPort, '127.0.0.1')),
      });
      session.on('error', () => {});
      const closed = once(session, 'close');
      for (let i = 0; i < 50; i += 1) {
        const stream = session.request(asGrpc);
        stream.on('error', () => {});
        begin(stream);
      }
      await closed;
      // Others keep their connections.
      proxy = connectExtAuthz(unix ? `unix:${path}` : gateway.grpcPort);
      // 503: the Auth API took longer than the timeout on a busy machine.
      expect([200, 503]).toContain((await proxy.ask(request())).status);
    },
  );

  test('responds to a check that waits longer for the Auth API', async () => {
    await start(config('', ', timeout: 100ms'));
    await authApi.behave({ kind: 'slow' });
    expect((await proxy.ask(request('slow'))).status).toBe(503);
  });
});

describe('TLS', () => {
  const tls = ', tls: { certificates: [{ cert: cert.pem, key: key.pem }], clientCertificates: { ca: ca.pem } }';
  let authority: Authority;
  let files: Record<string, string>;
  beforeEach(() => {
    authority = createAuthority();
    files = { 'ca.pem': authority.cert };
    renew();
  });

  function renew(issuer = authority): void {
    const { cert, key } = issuer.issue({ hosts: ['localhost'] });
    Object.assign(files, { 'cert.pem': cert, 'key.pem': key });
  }

  const readSecret = (path: string) => files[path] ?? '';
  const secured = (trusted: Authority, own?: Authority) => {
    const shown = own?.issue({ hosts: ['proxy'] });
    const texts = [trusted.cert, ...(shown === undefined ? [] : [shown.key, shown.cert])].map((text) =>
      Buffer.from(text),
    );
    return credentials.createSsl(texts[0]!, texts[1] ?? null, texts[2] ?? null);
  };

  test('a proxy presents a certificate of clientCertificates, or gets no connection', async () => {
    gateway = await startGateway(config(tls), readSecret);
    proxy = connectExtAuthz(`localhost:${gateway.grpcPort}`, secured(authority, authority));
    expect((await proxy.ask(request())).allowed).toBe(true);
    for (const others of [
      secured(authority),
      secured(authority, createAuthority('other')),
      credentials.createInsecure(),
    ]) {
      const stranger = connectExtAuthz(`localhost:${gateway.grpcPort}`, others);
      await expect(stranger.ask(request())).rejects.toMatchObject({ code: status.UNAVAILABLE });
      stranger.close();
    }
  });

  test('a changed certificate applies to new connections, and a pending check completes', async () => {
    gateway = await startGateway(config(tls), readSecret);
    proxy = connectExtAuthz(`localhost:${gateway.grpcPort}`, secured(authority, authority));
    await authApi.behave({ kind: 'slow' });
    const waiting = proxy.ask(request('unknown'));
    await vi.waitFor(() => expect(authApi.waiting()).toBe(1));
    const next = createAuthority('next');
    renew(next);
    gateway.apply(config(tls));
    await authApi.behave({ kind: 'fine' });
    expect((await waiting).status).toBe(401);
    const stranger = connectExtAuthz(`localhost:${gateway.grpcPort}`, secured(authority, authority));
    await expect(stranger.ask(request())).rejects.toMatchObject({ code: status.UNAVAILABLE });
    stranger.close();
    const renewed = connectExtAuthz(`localhost:${gateway.grpcPort}`, secured(next, authority));
    expect((await renewed.ask(request())).allowed).toBe(true);
    renewed.close();
  });

  test('a key of another certificate is a problem of the configuration', async () => {
    files['key.pem'] = authority.key;
    await expect(startGateway(config(tls), readSecret)).rejects.toThrow('this is not the key of "cert"');
    gateway = await startGateway(config());
  });
});

describe('health', () => {
  const ask = (service: string) =>
    new Promise<number>((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = health.Check;
      proxy.channel.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, (error, value) =>
        error === null ? resolve(value!.status) : reject(error),
      );
    });

  test('serves while the process is ready', async () => {
    await start(config().replace('admin:', 'readyWithoutSources: false, admin:'));
    expect(await ask('')).toBe(1);
    expect(await ask('envoy.service.auth.v3.Authorization')).toBe(1);
    await expect(ask('other')).rejects.toMatchObject({ code: status.NOT_FOUND });
    await authApi.behave({ kind: 'down' });
    await vi.waitFor(async () => expect(await ask('')).toBe(2), { timeout: 15_000, interval: 200 });
    await authApi.behave({ kind: 'fine' });
    await vi.waitFor(async () => expect(await ask('')).toBe(1), { timeout: 15_000, interval: 200 });
  });

  test('watchers are notified of the end first', async () => {
    await start(config());
    const { path, requestSerialize, responseDeserialize } = health.Watch;
    const watch = proxy.channel.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: '' });
    const seen: number[] = [];
    watch.on('data', ({ status: state }: { status: number }) => seen.push(state));
    const ended = new Promise((resolve) => watch.on('end', resolve));
    await vi.waitFor(() => expect(seen).toEqual([1]));
    await gateway.close();
    await ended;
    expect(seen).toEqual([1, 2]);
  });
});

test('10,000 checks over four connections', async () => {
  await start(config());
  const proxies = Array.from({ length: 4 }, () => connectExtAuthz(gateway.grpcPort));
  let allowed = 0;
  const one = async (client: ExtAuthzClient) => {
    for (let i = 0; i < 125; i += 1) if ((await client.ask(request())).header('user-id') === 'ann') allowed += 1;
  };
  await Promise.all(proxies.flatMap((client) => Array.from({ length: 20 }, () => one(client))));
  expect(allowed).toBe(10_000);
  await vi.waitFor(async () =>
    expect(await gateway.metrics()).toContain('rolegate_authorizer_checks_total{dialect="grpc",outcome="allow"} 10000'),
  );
  for (const client of proxies) client.close();
}, 120_000);

test('checks beyond the concurrency of a connection wait, and are served', async () => {
  await start(config(', maxConcurrentStreams: 5'));
  await authApi.behave({ kind: 'slow' });
  const asked = Array.from({ length: 20 }, (_, i) => proxy.ask(request(`unknown-${i}`)));
  await vi.waitFor(() => expect(authApi.waiting()).toBe(5));
  await authApi.behave({ kind: 'fine' });
  for (const { status: code } of await Promise.all(asked)) expect(code).toBe(401);
});

test('a connection ends by its age, and no check fails', async () => {
  await start(config(', maxConnectionAge: 1s'));
  let connections = 0;
  const relay = createServer((client) => {
    connections += 1;
    const server = connect(gateway.grpcPort, '127.0.0.1');
    for (const socket of [client, server]) socket.on('error', () => {});
    client.pipe(server).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const aging = connectExtAuthz((relay.address() as AddressInfo).port);
  while (connections < 3) expect((await aging.ask(request())).allowed).toBe(true);
  aging.close();
  relay.close();
});

test('a reload applies at once; a drain completes checks and refuses new ones', async () => {
  await start(config());
  gateway.apply(config('', '', '/moved/**'));
  expect((await proxy.ask(request('good', '/moved/x'))).allowed).toBe(true);
  expect((await proxy.ask(request())).status).toBe(404);
  await authApi.behave({ kind: 'slow' });
  const waiting = proxy.ask(request('unknown', '/moved/x'));
  await vi.waitFor(() => expect(authApi.waiting()).toBe(1));
  const closing = gateway.close();
  const late = proxy.ask(request('unknown', '/moved/x'));
  await authApi.behave({ kind: 'fine' });
  expect((await waiting).status).toBe(401);
  await closing;
  // Before GOAWAY it is served; after it the connection accepts none.
  await late.then(
    ({ status: code }) => expect(code).toBe(401),
    ({ code }) => expect(code).toBe(status.UNAVAILABLE),
  );
  await expect(proxy.ask(request())).rejects.toMatchObject({ code: status.UNAVAILABLE });
});
