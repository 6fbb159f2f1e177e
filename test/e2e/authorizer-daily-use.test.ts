/**
 * What users do with real proxies that call the authorizer, each with its printed configuration unchanged: a Unix socket between them,
 * another proxy in front, slow responses, and many headers.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { checkPaths } from '../support/authorizer-checks.ts';
import { startFakeAuthApi } from '../support/fake-auth-api.ts';
import { sendRaw } from '../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';
import { handshakeTo, switchingProtocols } from '../support/websocket-handshake.ts';
import {
  type AskingProxy,
  type ProductName,
  productNames,
  requireProduct,
  startAskingProxy,
} from './support/asking-proxy.ts';
import { asIstio } from './support/istio-gateway.ts';

interface World {
  readonly service: RecordingUpstream;
  readonly gateway: RunningGateway;
  readonly proxy: AskingProxy;
  get(target: string, ...headers: string[]): ReturnType<typeof sendRaw>;
}

interface Setup {
  /** The section `server` besides the address. */
  readonly server?: string;
  readonly http?: string;
  readonly grpc?: string;
  readonly flags?: readonly string[];
  readonly answer?: Parameters<typeof startRecordingUpstream>[0];
  /** Changes the printed configuration. */
  readonly edit?: (printed: string, config: Config) => string;
}

async function start(product: ProductName, setup: Setup = {}): Promise<World> {
  const { server = '', http = '127.0.0.1:0', grpc = '127.0.0.1:0', flags = [], answer = {}, edit } = setup;
  const authApi = await startFakeAuthApi();
  authApi.addSession('good', { userId: 'ann', roles: ['user'] });
  onTestFinished(() => authApi.close());
  const service = await startRecordingUpstream(answer);
  onTestFinished(() => service.close());
  const written = `
version: 1
server: { listen: "127.0.0.1:0", admin: false${server} }
authorizer: { listen: "${http}", grpc: { listen: "${grpc}" }, dialects: ${JSON.stringify(checkPaths)} }
authApi: { url: "${new URL(authApi.url).origin}" }
roles: { user: {} }
upstreams: { service: { targets: ["${service.origin}"] } }
routes:
  - { id: open, match: { path: "/**" }, access: public, upstream: service }
  - { id: closed, match: { path: "/closed/**" }, access: [user], upstream: service }
  - { id: socket, match: { path: /socket }, access: [user], upstream: service, websocket: true }
  - { id: inside, match: { path: "/inside" }, access: public, upstream: service, when: [{ client: address, cidr: ["203.0.113.0/24"], reason: not_inside }] }
`;
  const gateway = await startGateway(written);
  onTestFinished(() => gateway.close());
  const read = parseConfig(written, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error('the configuration of this test has problems');
  const places = { service: service.origin, ports: gateway, flags };
  const proxy = await startAskingProxy(product, read.config, places, (text) => edit?.(text, read.config) ?? text);
  onTestFinished(() => proxy.stop());
  return {
    service,
    gateway,
    proxy,
    get: (target, ...headers) =>
      sendRaw(proxy.port, [`GET ${target} HTTP/1.1`, 'Host: a.test', ...headers, '', ''].join('\r\n')),
  };
}

const bearer = 'Authorization: Bearer good';

/** Traefik connects over TCP, and the workers of nginx run as a user that may not open the socket of this test. */
const throughSockets = productNames.filter((name) => name !== 'traefik' && name !== 'nginx');

describe.each(throughSockets)('%s', (product) => {
  beforeAll(() => requireProduct(product));

  test('checks through a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rolegate-socket-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const world = await start(product, { http: `unix:${folder}/http`, grpc: `unix:${folder}/grpc` });
    expect((await world.get('/closed/x', bearer)).status).toBe(200);
    expect(world.service.last().header('user-id')).toEqual(['ann']);
    expect((await world.get('/closed/x')).status).toBe(401);
  });
});

/** Envoy reports its own address for a client on loopback. */
const ownAddresses = [
  '127.0.0.0/8',
  ...Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address)),
].filter((address) => !address.includes('%'));

/** Istio's Envoy, with the printed EnvoyFilter. */
const asGatewayOfIstio =
  (grpc: boolean, patched = true) =>
  (printed: string, config: Config) =>
    asIstio(printed, config, { grpc, patched });

const strict: readonly { readonly name: string; readonly product: ProductName; readonly setup: Setup }[] = [
  { name: 'traefik', product: 'traefik', setup: {} },
  { name: 'envoy', product: 'envoy', setup: {} },
  { name: 'envoy-grpc', product: 'envoy-grpc', setup: {} },
  { name: 'istio', product: 'envoy', setup: { edit: asGatewayOfIstio(false) } },
  { name: 'istio over gRPC', product: 'envoy-grpc', setup: { edit: asGatewayOfIstio(true) } },
];

describe.each(strict)('$name', ({ product, setup }) => {
  beforeAll(() => requireProduct(product));

  test('knows the client behind another proxy, and still no other X-Forwarded-* or path than its own', async () => {
    const world = await start(product, {
      ...setup,
      server: `, trustedProxies: ${JSON.stringify(ownAddresses)}`,
      flags: product === 'traefik' ? ['--entryPoints.web.forwardedHeaders.trustedIPs=127.0.0.0/8'] : [],
    });
    const ofFront = ['X-Forwarded-For: 203.0.113.9', 'X-Forwarded-Host: public.example'];
    const forged = ['Uri: /open', 'Method: OPTIONS', 'User: root', 'Forwarded: root', 'Prefix: /x'];
    const passedOn = forged.map((line) => `X-Forwarded-${line}`);
    expect((await world.get('/inside', ...ofFront, ...passedOn)).status).toBe(200);
    const received = world.service.last();
    expect(received.header('x-forwarded-for').join()).toMatch(/^203\.0\.113\.9, ?[^,]+$/);
    expect(received.header('x-forwarded-host')).toEqual(['public.example']);
    for (const line of forged)
      expect(received.header(`x-forwarded-${line.split(':', 1)[0]!.toLowerCase()}`)).toEqual([]);
    expect((await world.get('/closed/x', ...ofFront, ...passedOn)).status).toBe(401);
    expect((await world.get('/inside', 'X-Forwarded-For: 198.51.100.1')).status).toBe(403);
  });

  test('believes no client without another proxy', async () => {
    const world = await start(product, setup);
    expect((await world.get('/inside', 'X-Forwarded-For: 203.0.113.9')).status).toBe(403);
    const names = [
      'Host',
      'Prefix',
      'User',
      'Email',
      'Groups',
      'Preferred-Username',
      'Access-Token',
      'Client-Cert',
      'Ssl',
      'Scheme',
      'Anything',
    ];
    await world.get(
      '/open',
      ...names.map((name) => `X-Forwarded-${name}: forged`),
      'X-Forwarded: forged',
      'X-Forwarded-For: forged',
    );
    const others = ['X-Ssl-Client-Foo', 'X.Tenant', 'X_Tenant', 'X~Forwarded!For', 'Forwarded'];
    await world.get('/open', ...others.map((name) => `${name}: forged`));
    expect(world.service.requests.length).toBeGreaterThan(0);
    for (const request of world.service.requests) expect(request.rawHeaders.join('\n')).not.toContain('forged');
  });

  test('control: an ordinary header arrives', async () => {
    const world = await start(product, setup);
    await world.get('/open', 'X-Tenant: kept');
    expect(world.service.last().header('x-tenant')).toEqual(['kept']);
  });

  test('a client may send nearly as many headers as Rolegate accepts', async () => {
    const world = await start(product, setup);
    // Besides `Host` and `Authorization`. The proxy adds some to the check, and Rolegate accepts 100.
    const fields = (count: number) => Array.from({ length: count }, (_, at) => `X-Field-${at}: ${at}`);
    expect((await world.get('/closed/x', bearer, ...fields(88))).status).toBe(200);
    expect(world.service.last().header('user-id')).toEqual(['ann']);
    for (const count of [92, 96, 300])
      expect([200, 400, 431]).toContain((await world.get('/closed/x', bearer, ...fields(count))).status);
  });
});

const unhurried = ['traefik', 'envoy', 'envoy-grpc'] as const;

describe(unhurried.join(', '), () => {
  beforeAll(() => unhurried.forEach(requireProduct));

  test('a response may take longer than 15 s', async () => {
    const late = async () => {
      await after(15_500);
      return { body: 'late' };
    };
    const worlds = await Promise.all(unhurried.map((product) => start(product, { answer: { answer: late } })));
    const answers = worlds.map(async ({ proxy }) => {
      const answer = await fetch(`http://127.0.0.1:${proxy.port}/open`);
      return [answer.status, await answer.text()];
    });
    expect(await Promise.all(answers)).toEqual(unhurried.map(() => [200, 'late']));
  }, 60_000);
});

/** A response of a service that is built to switch protocols. */
const switching = {
  onUpgrade: (_: unknown, socket: { write(text: string): void }) => socket.write(switchingProtocols),
};

describe.each([
  ['istio', 'envoy', false],
  ['istio over gRPC', 'envoy-grpc', true],
] as const)('%s', (_, product, grpc) => {
  beforeAll(() => requireProduct(product));
  const upgrade = ['Connection: Upgrade, User-Id', 'Upgrade: websocket'];

  test('passes on upgrades with a key alone, and no list in Connection', async () => {
    const world = await start(product, { edit: asGatewayOfIstio(grpc), answer: switching });
    await world.get('/open', ...upgrade);
    for (const request of world.service.requests) expect(request.header('upgrade')).toEqual([]);
    world.service.clear();
    const handshake = handshakeTo('/socket', bearer).replace('Connection: Upgrade', upgrade[0]!);
    expect((await sendRaw(world.proxy.port, handshake)).status).toBe(101);
    expect(world.service.last().header('connection').join().toLowerCase()).toBe('upgrade');
    expect(world.service.last().header('user-id')).toEqual(['ann']);
  });

  test('control: without the EnvoyFilter, names, lists and the number of fields are those of the client', async () => {
    const world = await start(product, { edit: asGatewayOfIstio(grpc, false), answer: switching });
    await world.get('/open', 'X-Forwarded-Host: forged', 'X-Ssl-Client-Foo: forged');
    expect(world.service.last().header('x-forwarded-host')).toEqual(['forged']);
    expect(world.service.last().header('x-ssl-client-foo')).toEqual(['forged']);
    const handshake = handshakeTo('/socket', bearer).replace('Connection: Upgrade', upgrade[0]!);
    await sendRaw(world.proxy.port, handshake);
    expect(world.service.last().header('connection').join()).toContain('User-Id');
    const fields = Array.from({ length: 90 }, (_, at) => `X-Field-${at}: ${at}`);
    expect((await world.get('/closed/x', bearer, ...fields)).status).not.toBe(200);
  });
});
