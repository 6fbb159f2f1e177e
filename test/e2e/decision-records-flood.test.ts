/** 100,000 refusals with random values: the number of series, the memory and Redis stay within their bounds. */
import { randomBytes, randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ConfigFolder, createConfigFolder } from '../support/config-folder.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../support/fake-auth-api.ts';
import { useRedis } from '../support/redis.ts';
import { runRolegate } from '../support/running-command.ts';
import { settledMemory } from './support/heap-of.ts';

const adminToken = 'operators-0123456789abcdef0123456789abcdef';
const refusals = 100_000;
const max = 2_000;
const connections = 64;
const mib = 1024 * 1024;
let folder: ConfigFolder;
let authApi: FakeAuthApi;

beforeAll(async () => {
  folder = createConfigFolder();
  authApi = await startFakeAuthApi();
});
afterAll(async () => {
  folder.remove();
  await authApi.close();
});

const configOf = (redis: string, keyPrefix: string) => `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: ${adminToken}, limits: { eventLoopLag: 0s, failedAuthentications: { perClient: 100 } } }
log: { access: false }
records: { max: ${max}, perSecond: 10000 }
authApi: { url: "${new URL(authApi.url).origin}" }
cache: { secret: "a secret that is shared by all of these replicas", redis: { url: "${redis}", keyPrefix: "${keyPrefix}" } }
roles: { user: {} }
upstreams: { service: { targets: ["http://127.0.0.1:9"] } }
routes:
  - { id: orders, match: { path: "/orders/{id}" }, upstream: service, access: { GET: [user] } }
`;

const text = (bytes: number) => randomBytes(bytes).toString('base64url');
const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!;

/** Everything that a client chooses, at random. */
function randomRequest() {
  const credential = pick<Record<string, string>>([
    {},
    { authorization: `Bearer ${text(24)}` },
    { 'api-key': text(12), 'api-secret': text(12) },
    { authorization: `Digest ${text(8)}` },
  ]);
  return {
    method: pick(['GET', 'POST', 'DELETE', 'PATCH', text(6).replaceAll(/\W/g, 'X')]),
    path: pick([`/orders/${text(9)}?${text(9)}=${text(9)}`, `/${text(9)}/${text(9)}`, `/orders/%2f${text(3)}`]),
    headers: {
      ...credential,
      host: `${text(6).replaceAll(/\W/g, 'x')}.example.test`,
      'x-request-id': randomUUID(),
      'user-agent': text(60),
      'x-forwarded-for': '203.0.113.7',
    },
  };
}

async function flood(port: number, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let left = count;
  const send = () =>
    new Promise<void>((resolve, reject) => {
      const sent = request({ agent, host: '127.0.0.1', port, ...randomRequest() }, (response) => {
        response.resume();
        response.on('end', resolve);
      });
      sent.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? resolve() : reject(error)));
      sent.end();
    });
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (left > 0) {
        left -= 1;
        await send();
      }
    }),
  );
  agent.destroy();
}

test('100,000 refusals leave series, memory and Redis within their bounds', async () => {
  const { url, keyPrefix } = await useRedis();
  const redis = new Redis(url);
  const file = folder.write('gateway.yaml', configOf(url, keyPrefix));
  const gateway = runRolegate(['serve', '--config', file], { NODE_OPTIONS: '--inspect=127.0.0.1:0' });
  try {
    const [, line] = await gateway.see(/^(\{.*"msg":"started".*\})$/m);
    const { listen, admin } = JSON.parse(line!);
    const headers = { authorization: `Bearer ${adminToken}` };
    const ask = async (path: string) =>
      await (await fetch(`http://127.0.0.1:${admin.port}${path}`, { headers })).text();
    const series = async () =>
      (await ask('/metrics'))
        .split('\n')
        .flatMap((one) => /^(rolegate_\w+(?:\{.*\})?) /.exec(one)?.[1] ?? [])
        .sort();
    // With every reason: one of them starts after 100 failed authentications.
    await flood(listen.port, 10_000);
    const [seriesBefore, before] = [await series(), await settledMemory(gateway)];
    await flood(listen.port, refusals);
    const [seriesAfter, after] = [await series(), await settledMemory(gateway)];
    expect(seriesAfter).toEqual(seriesBefore);
    expect(seriesAfter.length).toBeLessThan(1000);
    const names = await redis.keys(`${keyPrefix}decisions:*`);
    const sum = async (of: (name: string) => Promise<number>) =>
      (await Promise.all(names.map(of))).reduce((a, b) => a + b, 0);
    const length = await sum((name) => redis.xlen(name));
    const bytes = await sum(async (name) => Number(await redis.call('MEMORY', 'USAGE', name)));
    const kept = JSON.parse(await ask('/decisions?limit=1000')).decisions;
    process.stdout.write(
      `${refusals} refusals: ${seriesAfter.length} series; heap ${((after.heapBytes - before.heapBytes) / mib).toFixed(1)} MiB more; ` +
        `${length} records in Redis, ${(bytes / mib).toFixed(2)} MiB\n`,
    );
    expect((after.heapBytes - before.heapBytes) / mib).toBeLessThan(16);
    // Redis trims whole nodes, after every fiftieth of the records; the streams' equal shares are rounded down.
    expect(length).toBeGreaterThan(max - names.length);
    expect(length).toBeLessThan(1.2 * max);
    expect(bytes / max).toBeLessThan(4096);
    expect(kept).toHaveLength(1000);
    expect(new Set(kept.map(({ reason }: { reason: string }) => reason)).size).toBeGreaterThan(3);
  } finally {
    gateway.signal('SIGKILL');
    await gateway.ended;
    redis.disconnect();
  }
}, 900_000);
