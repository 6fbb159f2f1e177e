/**
 * Every limit on the page of limits, exceeded at a complete gateway: the listed metric increases, and the client gets
 * the documented response.
 */
import { readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { openRaw, type RawConnection, sendRaw } from '../../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

/** Rows of the table: the limit as named on the page, and its metric. */
const page = readFileSync(new URL('../../../docs/guides/limits.md', import.meta.url), 'utf8');
const [, section = ''] = page.split('\n## Where each limit is counted\n');
const documented = [...section.split('\n## ')[0]!.matchAll(/^\| (.+?) \| `(rolegate_.+?)` \|$/gm)].map(
  ([, limit = '', metric = '']) => [limit.replaceAll('`', ''), metric] as const,
);

interface World {
  readonly gateway: RunningGateway;
  readonly upstream: RecordingUpstream;
  /** Releases the service's delayed responses. */
  release(): void;
  open(bytes: string): Promise<RawConnection>;
}

interface Limit {
  readonly limits?: string;
  readonly server?: string;
  readonly route?: string;
  readonly upstream?: string;
  /** Default: public. */
  readonly access?: string;
  exceed(world: World): Promise<void>;
}

const get = (path = '/a', ...headers: string[]) => [`GET ${path} HTTP/1.1`, 'Host: a', ...headers, '', ''].join('\r\n');
const post = (length: number, body = '', ...headers: string[]) =>
  ['POST /a HTTP/1.1', 'Host: a', `Content-Length: ${length}`, ...headers, '', body].join('\r\n');
const as = (address: string) => `X-Forwarded-For: ${address}`;
const trusting = 'trustedProxies: ["127.0.0.1"]';

/** Sends the bytes and expects status and code; never waits for more than one response. */
const refused = (bytes: string, status: number, code: string) => async (world: World) => {
  await expectRefusal(await world.open(bytes), status, code);
};

async function expectRefusal(client: RawConnection, status: number, code: string): Promise<void> {
  const answer = await client.answer('POST');
  expect([answer.status, JSON.parse(answer.text()).code]).toEqual([status, code]);
  expect(answer.header('x-error')).toMatch(/^[\x20-\x7e]{1,256}$/);
  expect(answer.header('x-error-id')).toMatch(/^[0-9a-f-]{36}$/);
}

/** A request whose response the service delays. */
async function hold({ open, upstream }: World, ...headers: string[]): Promise<void> {
  const before = upstream.requests.length;
  await open(get('/held', ...headers));
  await vi.waitFor(() => expect(upstream.requests.length).toBe(before + 1));
}

/** An event stream that stays open. */
async function subscribe(world: World, ...headers: string[]): Promise<void> {
  await world.open(get('/events', ...headers));
  await vi.waitFor(async () => expect(await counted(world, 'rolegate_upstream_streams_open')).toBe(1));
}

/** Unread responses, larger than the system's buffers for a client. */
async function readNothing({ open }: World): Promise<void> {
  for (let i = 0; i < 3; i += 1) (await open('')).socket.pause().write(get('/large').repeat(90));
}

const driven: Readonly<Record<string, Limit>> = {
  'server.limits.headerBytes': {
    limits: 'headerBytes: 8kb',
    exceed: refused(get('/a', `X: ${'a'.repeat(9000)}`), 431, 'headers_too_large'),
  },
  'server.limits.headers': {
    limits: 'headers: 20',
    exceed: refused(get('/a', ...Array.from({ length: 25 }, () => 'X: 1')), 431, 'headers_too_large'),
  },
  'server.limits.credential': {
    limits: 'credential: 300b',
    access: 'optional',
    exceed: refused(get('/a', `Authorization: Bearer ${'a'.repeat(301)}`), 431, 'credential_too_long'),
  },
  'server.limits.target': {
    limits: 'target: 1kb',
    exceed: refused(get(`/${'a'.repeat(1100)}`), 414, 'target_too_long'),
  },
  'server.limits.headersTimeout': {
    limits: 'headersTimeout: 200ms',
    exceed: refused('GET /a HTTP/1.1\r\nHost: a\r\nX: ', 408, 'request_timeout'),
  },
  'server.limits.requestTimeout': {
    limits: 'headersTimeout: 200ms, requestTimeout: 200ms',
    exceed: refused(post(10, 'x'), 408, 'request_timeout'),
  },
  maxBody: { route: 'maxBody: 1kb', exceed: refused(post(1025), 413, 'body_too_large') },
  'timeout, of a body': { route: 'timeout: 200ms', exceed: refused(post(10, 'x'), 408, 'request_timeout') },
  'timeout, of a response': { route: 'timeout: 200ms', exceed: refused(get('/held'), 504, 'upstream_timeout') },
  'bodyRate over server.limits.bodyGrace': {
    limits: 'bodyGrace: 200ms',
    route: 'bodyRate: 10kb',
    exceed: refused(post(100_000, 'x'), 408, 'request_timeout'),
  },
  'bodyRate of a reader, while others wait': {
    server: trusting,
    upstream: 'connections: 1, streams: 1, queue: { wait: 20s }',
    async exceed(world) {
      const { open, upstream } = world;
      await subscribe(world, as('203.0.113.1'));
      (await open('')).socket.pause().write(get('/endless', as('203.0.113.2')));
      await vi.waitFor(() => expect(upstream.requests).toHaveLength(2));
      expect((await (await open(get('/a', as('203.0.113.3')))).answer()).status).toBe(200);
    },
  },
  'server.limits.unreadTimeout, while the service still sends': {
    limits: 'unreadTimeout: 1200ms',
    // Shorter than that, and long enough for a service on a busy machine, or its silence would end the response first.
    route: 'timeout: 800ms',
    async exceed({ open }) {
      (await open('')).socket.pause().write(get('/endless'));
    },
  },
  'server.limits.unreadTimeout, of complete responses': { limits: 'unreadTimeout: 200ms', exceed: readNothing },
  'server.limits.connections': {
    limits: 'connections: 1',
    async exceed({ open }) {
      await open('');
      const second = await open('');
      await second.closed();
    },
  },
  'server.limits.connectionsPerClient': {
    limits: 'connectionsPerClient: 1',
    async exceed({ open }) {
      await open('');
      const second = await open('');
      await second.closed();
    },
  },
  'server.limits.requestsPerConnection': {
    limits: 'requestsPerConnection: 1',
    async exceed({ open }) {
      for (const bytes of [get(), post(2, 'hi')]) {
        const client = await open(bytes);
        expect((await client.answer()).header('connection')).toBe('close');
        await client.closed();
      }
    },
  },
  'server.limits.keepAliveTimeout': {
    limits: 'keepAliveTimeout: 50ms',
    async exceed({ open }) {
      const clients = [await open(get()), await open(post(2, 'hi'))];
      for (const client of clients) {
        expect((await client.answer()).status).toBe(200);
        await client.closed();
      }
    },
  },
  'after the last response, all but silence': {
    async exceed(world) {
      const client = await world.open('');
      client.socket.pause().write('no HTTP\r\n\r\n');
      await vi.waitFor(async () => expect(await counted(world, 'rolegate_refusals_total')).toBeGreaterThan(0));
      const now = performance.now.bind(performance);
      vi.spyOn(performance, 'now').mockImplementation(() => now() + 30_000);
    },
  },
  'server.limits.failedAuthentications': {
    limits: 'failedAuthentications: { perClient: 1 }',
    access: 'optional',
    async exceed(world) {
      const guess = (at: number) => get('/a', `Authorization: Bearer guess-${at}`);
      // One within the bound, and the turn of this second.
      for (const at of [1, 2]) await (await world.open(guess(at))).answer();
      await refused(guess(3), 429, 'authentication_throttled')(world);
    },
  },
  'upstreams.*.connections': {
    upstream: 'connections: 1',
    async exceed(world) {
      await hold(world);
      await world.open(get());
    },
  },
  'upstreams.*.requestsPerClient': {
    upstream: 'connections: 8, requestsPerClient: 1',
    async exceed(world) {
      await hold(world);
      await world.open(get());
    },
  },
  'upstreams.*.queue.length': {
    server: trusting,
    upstream: 'connections: 1, queue: { length: 1 }',
    async exceed(world) {
      await hold(world, as('203.0.113.1'));
      await world.open(get('/a', as('203.0.113.2')));
      await vi.waitFor(async () => expect(await counted(world, 'rolegate_upstream_requests_waiting')).toBe(1));
      await expectRefusal(await world.open(get('/a', as('203.0.113.3'))), 503, 'upstream_busy');
    },
  },
  'half of queue.length, of one client': {
    upstream: 'connections: 8, requestsPerClient: 1, queue: { length: 2 }',
    async exceed(world) {
      await hold(world);
      await world.open(get());
      await vi.waitFor(async () => expect(await counted(world, 'rolegate_upstream_requests_waiting')).toBe(1));
      await expectRefusal(await world.open(get()), 429, 'client_busy');
    },
  },
  'upstreams.*.queue.wait': {
    server: trusting,
    upstream: 'connections: 1, queue: { wait: 200ms }',
    async exceed(world) {
      await hold(world, as('203.0.113.1'));
      await expectRefusal(await world.open(get('/a', as('203.0.113.2'))), 503, 'upstream_busy');
    },
  },
  'upstreams.*.streams, of event streams': {
    server: trusting,
    upstream: 'streams: 1',
    async exceed(world) {
      await subscribe(world, as('203.0.113.1'));
      await expectRefusal(await world.open(get('/events', as('203.0.113.2'))), 503, 'upstream_busy');
    },
  },
  'upstreams.*.streams, of others': {
    upstream: 'streams: 1',
    async exceed(world) {
      await subscribe(world);
      await world.open(get('/begun'));
    },
  },
  'upstreams.*.streamsPerClient, of event streams': {
    upstream: 'streamsPerClient: 1',
    async exceed(world) {
      await subscribe(world);
      await expectRefusal(await world.open(get('/events')), 429, 'client_busy');
    },
  },
  'server.limits.bodyMemory': {
    server: trusting,
    limits: 'bodyMemory: 64kb',
    async exceed(world) {
      for (let named = 1; named <= 4; named += 1) {
        await world.open(post(50_000, 'x'.repeat(16_384), as(`203.0.113.${named}`)));
        const held = async () => expect(await counted(world, 'rolegate_body_buffer_bytes')).toBe(16_384 * named);
        await vi.waitFor(held);
      }
      await expectRefusal(await world.open(post(2, 'hi', as('203.0.113.9'))), 503, 'overloaded');
    },
  },
  'a quarter of bodyMemory, of one client': {
    limits: 'bodyMemory: 64kb',
    async exceed(world) {
      await world.open(post(50_000, 'x'.repeat(16_384)));
      await vi.waitFor(async () => expect(await counted(world, 'rolegate_body_buffer_bytes')).toBe(16_384));
      await expectRefusal(await world.open(post(2, 'hi')), 429, 'client_busy');
    },
  },
  'server.limits.eventLoopLag': {
    limits: 'eventLoopLag: 20ms',
    async exceed({ open }) {
      const client = await open('');
      for (let late = 0; late < 8; late += 1) {
        for (const until = performance.now() + 150; performance.now() < until; );
        await new Promise((resolve) => setImmediate(resolve));
      }
      client.write(get().repeat(5));
      const statuses: number[] = [];
      for (let i = 0; i < 5; i += 1) statuses.push((await client.answer()).status);
      expect(statuses).toContain(503);
    },
  },
};

const running: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of running.splice(0).reverse()) await close();
});

/** The sum of the samples of a metric on the page. */
async function counted({ gateway }: { readonly gateway: RunningGateway }, metric: string): Promise<number> {
  const [, name = '', label = ''] = /^(\w+)(?:\{(.+)\})?$/.exec(metric) ?? [];
  const samples = (await gateway.metrics()).split('\n').filter((line) => /^\w+/.exec(line)?.[0] === name);
  return samples.filter((line) => line.includes(label)).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

function configOf(
  { origin }: RecordingUpstream,
  authApi: string,
  { limits = '', server = '', route = '', upstream = '', access = 'public' }: Partial<Limit>,
) {
  return `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", limits: { ${limits} }${server === '' ? '' : `, ${server}`} }
authApi: { url: "${authApi}" }
upstreams: { service: { targets: ["${origin}"]${upstream === '' ? '' : `, ${upstream}`} } }
routes:
  - { id: all, match: { path: "/**" }, upstream: service, access: ${access}${route === '' ? '' : `, ${route}`} }
`;
}

async function startWorld(limit: Limit): Promise<World> {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const large = Buffer.alloc(200_000);
  const upstream = await startRecordingUpstream({
    async answer({ target }, { response }) {
      if (target === '/held') await released;
      if (target === '/large') return { body: large };
      if (target === '/events') response.setHeader('content-type', 'text/event-stream');
      if (target === '/events' || target === '/begun') {
        response.write('data: hello\n\n');
        return undefined;
      }
      if (target !== '/endless') return { body: 'ok' };
      const more = () => {
        while (response.write(large));
      };
      response.on('drain', more);
      more();
      return undefined;
    },
  });
  running.push(() => upstream.close(), release);
  const authApi = await startFakeAuthApi();
  running.push(() => authApi.close());
  const gateway = await startGateway(configOf(upstream, `http://127.0.0.1:${authApi.port}`, limit));
  running.push(() => gateway.close());
  return {
    gateway,
    upstream,
    release,
    async open(bytes) {
      const client = await openRaw(gateway.port);
      running.push(() => client.destroy());
      client.write(bytes);
      return client;
    },
  };
}

test('every limit on the page is exceeded here, and no other', () => {
  expect(documented.map(([limit]) => limit)).toEqual(Object.keys(driven));
});

test.each(documented)('%s counts in %s', async (name, metric) => {
  const limit = driven[name]!;
  const world = await startWorld(limit);
  expect((await sendRaw(world.gateway.port, get().replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))).status).toBe(
    200,
  );
  world.upstream.clear();
  const before = await counted(world, metric);
  await limit.exceed(world);
  await vi.waitFor(async () => expect(await counted(world, metric)).toBeGreaterThan(before));
});
