/**
 * Three replicas with a real Redis share their signing keys and rotate them under load: a service that caches the
 * public keys for five minutes, and fetches them from any replica, never gets an assertion that does not verify.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createEngine, type Engine } from '../../../src/app/create-engine.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { createIdentityVerifier, type Verification } from '../../../src/verify.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { type PrivateRedis, startPrivateRedis, useRedis } from '../../support/redis.ts';

const issuer = 'https://gate.example.test';
const minuteMs = 60_000;
/** Until a Redis client has reconnected, on a busy machine. */
const patience = { timeout: 15_000 };
const secret = 'a-secret-of-the-cache-which-is-long-enough';

interface Replica {
  readonly engine: Engine;
  readonly origin: string;
  log(): string;
}

let authApi: FakeAuthApi;
let service: RecordingUpstream;
let replicas: Replica[] = [];
let redis: { readonly url: string; readonly keyPrefix: string };

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2030, 0, 1) });
  redis = await useRedis();
  authApi = await startFakeAuthApi();
  authApi.addSession('anas', { userId: 'ana', roles: ['user'], expireAt: Date.UTC(2031, 0, 1) / 1000 });
  service = await startRecordingUpstream();
});
afterEach(async () => {
  vi.useRealTimers();
  for (const { engine } of replicas) await engine.drain();
  replicas = [];
  await service.close();
  await authApi.close();
});

function configOf(cacheKeys = `secret: ${secret}`, section = 'rotate: 1h') {
  const read = parseConfig(
    `version: 1
server: { listen: 127.0.0.1:0, admin: false, drainTimeout: 1s }
log: { access: false }
authApi: { url: ${new URL(authApi.url).origin} }
cache: { ${cacheKeys}, redis: { url: "${redis.url}", keyPrefix: "${redis.keyPrefix}", timeout: 5s } }
identityAssertion: { issuer: ${issuer}, ${section} }
roles: { user: {} }
upstreams: { orders: { targets: [${service.origin}] } }
routes:
  - { id: orders, match: { path: /orders }, upstream: orders, access: [user] }
  - { id: keys, match: { path: /jwks.json }, upstream: identity-keys, access: public }
`,
    { file: 'gateway.yaml', env: {}, readSecret: () => '' },
  );
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.config;
}

async function startReplica(config = configOf()): Promise<Replica> {
  let logged = '';
  const keep = (lines: string) => {
    logged += lines;
  };
  const engine = createEngine(config, { version: 'test', logTo: { write: keep } });
  engine.use(config);
  const [{ port } = { port: 0 }] = await engine.listen([config.server.listeners[0]!.address], false);
  const replica = { engine, origin: `http://127.0.0.1:${port}`, log: () => logged };
  replicas.push(replica);
  return replica;
}

const keysOf = ({ engine }: Replica) => engine.current().assertion!.keys;
const kidsOf = (replica: Replica): string[] =>
  JSON.parse(keysOf(replica).published()?.text ?? '{"keys":[]}').keys.map(({ kid }: { kid: string }) => kid);

async function request(replica: Replica): Promise<string | undefined> {
  const response = await fetch(`${replica.origin}/orders`, { headers: { authorization: 'Bearer anas' } });
  expect(response.status).toBe(200);
  return service.last().header('x-rolegate-identity')[0];
}

const kidOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()).kid as string;

test('rotation under load: every assertion verifies, at services that fetch the keys from different replicas', async () => {
  await Promise.all([startReplica(), startReplica(), startReplica()]);
  await request(replicas[0]!);
  const services = replicas.map(({ origin }) =>
    createIdentityVerifier({ jwksUrl: `${origin}/jwks.json`, issuer, audience: 'orders', clockToleranceS: 0 }),
  );
  const failures: Verification[] = [];
  const signedBy = new Set<string>();
  const maxPublished: number[] = [];
  const stepMs = 30_000;
  for (let at = 0; at < 190 * minuteMs; at += stepMs) {
    vi.setSystemTime(Date.now() + stepMs);
    // Each replica checks much less often in production, at its own time, while requests continue.
    const looking = keysOf(replicas[(at / stepMs) % 3]!).sync();
    for (const replica of replicas) {
      const token = (await request(replica))!;
      signedBy.add(kidOf(token));
      maxPublished.push(kidsOf(replica).length);
      for (const verify of services) {
        const result = await verify(token);
        if (result.reason !== null) failures.push(result);
      }
    }
    await looking;
  }
  expect(failures).toEqual([]);
  expect(signedBy.size).toBeGreaterThanOrEqual(4);
  expect(Math.max(...maxPublished)).toBe(2);
});

test('control: without an overlap, the same service gets assertions that do not verify', async () => {
  const one = await startReplica();
  const verify = createIdentityVerifier({ jwksUrl: `${one.origin}/jwks.json`, issuer, audience: 'orders' });
  expect((await verify((await request(one))!)).reason).toBeNull();
  // A key that the service has never seen: it fetches again, but not within 30 seconds.
  redis = { ...redis, keyPrefix: `${redis.keyPrefix}other:` };
  const other = await startReplica();
  expect((await verify((await request(other))!)).reason).toBe('invalid');
});

describe('a key ring', () => {
  test('shared by replicas that start together has one key', async () => {
    await Promise.all([startReplica(), startReplica(), startReplica()]);
    const kids = await Promise.all(replicas.map(async (replica) => kidOf((await request(replica))!)));
    expect(new Set(kids).size).toBe(1);
    expect(replicas.map(kidsOf)).toEqual([[kids[0]], [kids[0]], [kids[0]]]);
    expect(replicas.filter(({ log }) => log().includes('signing key made'))).toHaveLength(1);
  });

  test('outlives replicas, and a change of the secret', async () => {
    const one = await startReplica();
    const kid = kidOf((await request(one))!);
    const two = await startReplica(
      configOf(`secret: another-secret-of-the-cache-which-is-long, previousSecret: ${secret}`),
    );
    expect(kidOf((await request(two))!)).toBe(kid);
    const three = await startReplica(configOf('secret: another-secret-of-the-cache-which-is-long'));
    expect(kidOf((await request(three))!)).toBe(kid);
  });

  test('under another secret is a separate one', async () => {
    const kid = kidOf((await request(await startReplica()))!);
    const other = await startReplica(configOf('secret: a-secret-that-no-other-replica-has-long'));
    expect(kidOf((await request(other))!)).not.toBe(kid);
    // Also after a reload: that is how keys are dropped that may have leaked.
    const [first] = replicas;
    first!.engine.use(configOf('secret: a-secret-that-no-other-replica-has-long'));
    expect(kidOf((await request(first!))!)).toBe(kidOf((await request(other))!));
    expect(kidsOf(first!)).not.toContain(kid);
  });

  test('contains no plain key in Redis, expires there, and is not used once tampered with', async () => {
    const one = await startReplica();
    const kid = kidOf((await request(one))!);
    const { x } = JSON.parse(keysOf(one).published()!.text).keys[0];
    const { Redis } = await import('ioredis');
    const client = new Redis(redis.url);
    try {
      const [name] = await client.keys(`${redis.keyPrefix}identity-keys:*`);
      const bytes = await client.getBuffer(name!);
      for (const part of [kid, x, 'kid', '"d"']) expect(bytes!.includes(part)).toBe(false);
      expect(await client.pttl(name!)).toBeGreaterThan(0);
      expect(await client.pttl(name!)).toBeLessThan(3 * 3_600_000);
      bytes![20]! ^= 1;
      await client.set(name!, bytes!);
      const two = await startReplica();
      const other = kidOf((await request(two))!);
      expect(other).not.toBe(kid);
      // From then on, both replicas publish both keys.
      await keysOf(one).sync();
      await keysOf(two).sync();
      expect(kidsOf(one).sort()).toEqual([kid, other].sort());
      expect(kidsOf(two).sort()).toEqual([kid, other].sort());
    } finally {
      client.disconnect();
    }
  });
});

describe('without Redis', () => {
  let own: PrivateRedis;
  beforeEach(async () => {
    own = await startPrivateRedis();
    redis = { url: own.url, keyPrefix: 'rolegate:' };
  });
  afterEach(() => own.dispose());

  test('a replica with a ring continues with it; one that starts refuses with 503 until Redis is available', async () => {
    const one = await startReplica();
    const kid = kidOf((await request(one))!);
    await own.stop();
    vi.setSystemTime(Date.now() + 50 * minuteMs);
    await keysOf(one).sync();
    expect(kidOf((await request(one))!)).toBe(kid);
    // It is due, but not generated, because no other replica would learn about it.
    expect(kidsOf(one)).toEqual([kid]);
    expect(one.log()).toContain('signing keys cannot be shared');

    const two = await startReplica();
    const refused = await fetch(`${two.origin}/orders`, { headers: { authorization: 'Bearer anas' } });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    expect(((await refused.json()) as { code: string }).code).toBe('signing_key_missing');
    expect((await fetch(`${two.origin}/jwks.json`)).status).toBe(503);

    // Redis comes back without its data: the first replica writes, and both publish both keys.
    await own.start();
    await expect
      .poll(async () => {
        await keysOf(one).sync();
        await keysOf(two).sync();
        const both = [one, two].map((replica) => kidsOf(replica).sort().join());
        return both[0] === both[1] && kidsOf(two).includes(kid) && kidsOf(two).length > 1;
      }, patience)
      .toBe(true);
    expect(kidsOf(one)).toContain(kidOf((await request(two))!));
  });
});
