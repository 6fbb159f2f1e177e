/** The doctor with a real Redis: version, eviction policy, latency, permissions of the user, Sentinels, Cluster. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { doctorText } from '../../../src/cli/doctor/doctor-report.ts';
import { triedCommands } from '../../../src/cli/doctor/redis-rights.ts';
import { examine } from '../../../src/cli/doctor.ts';
import { createConfigFolder } from '../../support/config-folder.ts';
import { startMisbehavingServer } from '../../support/misbehaving-server.ts';
import { type PrivateRedis, startPrivateRedis } from '../../support/redis.ts';
import { connectTo, startClusterRedis, startSentinelRedis } from '../../support/redis-topologies.ts';
import { aclRule, granted } from './guides-acl.ts';

const folder = createConfigFolder();
afterAll(() => folder.remove());

const password = 'change-me-to-something-long';

async function reportOf(redis: string, timeoutMs = 20_000, more = ''): Promise<string> {
  const file = folder.write(
    'gateway.yaml',
    `version: 1
server: { listen: "127.0.0.1:0", admin: false }
authApi: { embedded: { database: "file:./users.db", secret: a secret of at least thirty-two characters } }
cache: { secret: a cache secret of at least thirty-two characters, redis: ${redis} }
routes: []
${more}`,
  );
  return doctorText(await examine(file, timeoutMs), { color: false, width: 400 });
}

function clientOf(redis: PrivateRedis) {
  return connectTo(onTestFinished, { address: { host: '127.0.0.1', port: Number(new URL(redis.url).port) } });
}

async function privateRedis(): Promise<PrivateRedis> {
  const redis = await startPrivateRedis();
  onTestFinished(redis.dispose);
  return redis;
}

/** A long timeout: these tests do not measure the speed of Redis on a loaded machine. */
const single = ({ url }: PrivateRedis, more = '') => `{ url: "${url}", timeout: 5s${more} }`;

describe('one server', () => {
  it('set up like in the guide has no warning, and is not changed', async () => {
    const redis = await privateRedis();
    const client = clientOf(redis);
    await client.config('SET', 'maxmemory', '64mb', 'maxmemory-policy', 'volatile-ttl');
    const text = await reportOf(single(redis));
    expect(text).toMatch(/✓ cache.redis .*: (?:redis|valkey) [789]\./);
    expect(text).toContain('✓ cache.redis 127.0.0.1');
    expect(text).toContain('maxmemory-policy is volatile-ttl');
    expect(text).toMatch(/responds in \d+\.\d ms/);
    expect(text).toContain('the user may run every command that is needed');
    expect(text).toMatch(/Clocks\n {2}✓ cache.redis/);
    expect(text).toMatch(/no errors, \d+ ok/);
    expect(await client.dbsize()).toBe(0);
  });

  it.each([
    ['allkeys-lru', '1mb', 'maxmemory-policy is allkeys-lru: the log of revocations may be removed'],
    ['noeviction', '64mb', 'maxmemory-policy is noeviction'],
    ['noeviction', '0', 'maxmemory is not set'],
  ])('%s with maxmemory %s is a warning', async (policy, most, found) => {
    const redis = await privateRedis();
    await clientOf(redis).config('SET', 'maxmemory', most, 'maxmemory-policy', policy);
    const text = await reportOf(single(redis));
    expect(text).toContain(`: ${found}`);
    expect(text).toContain('volatile-ttl');
    expect(text).toContain('1 warning');
  });

  it.each([
    ['allkeys-lru', 'signIn.sessions: maxmemory-policy is allkeys-lru: sessions may be removed at any time'],
    ['volatile-ttl', '✓ signIn.sessions: maxmemory-policy is volatile-ttl'],
  ])('sessions with %s', async (policy, found) => {
    const redis = await privateRedis();
    await clientOf(redis).config('SET', 'maxmemory', '1mb', 'maxmemory-policy', policy);
    const provider = '{ issuer: "https://id.test", clientId: a, clientSecret: b, userPrefix: "corp:" }';
    const signIn = `signIn: { origin: "https://app.test", providers: { corp: ${provider} } }`;
    expect(await reportOf(single(redis), 20_000, signIn)).toContain(found);
  });

  it('a full one is an error', async () => {
    const redis = await privateRedis();
    await clientOf(redis).config('SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction');
    expect(await reportOf(single(redis))).toContain('✗ cache.redis: commands failed: OOM');
  });

  it('a replica is an error', async () => {
    const [redis, master] = [await privateRedis(), await privateRedis()];
    await clientOf(redis).replicaof('127.0.0.1', new URL(master.url).port);
    const text = await reportOf(single(redis));
    expect(text).toMatch(/it is a replica|commands failed: READONLY|it is loading/);
  });

  it('a closed port, and a silent server', async () => {
    const redis = await privateRedis();
    await redis.stop();
    expect(await reportOf(single(redis))).toContain('✗ cache.redis: no connection');
    const silent = await startMisbehavingServer({ kind: 'never-answers' });
    onTestFinished(silent.close);
    const text = await reportOf(`{ url: "redis://127.0.0.1:${silent.port}" }`, 1_500);
    expect(text).toMatch(/✗ cache.redis: (?:no reply in time|no connection|no result within)/);
  });
});

describe('the user', () => {
  let redis: PrivateRedis;
  beforeAll(async () => {
    redis = await startPrivateRedis();
    return redis.dispose;
  });
  const asUser = (secret = password) => single(redis, `, username: rolegate, password: ${secret}`);

  const setUser = (...changes: readonly string[]) =>
    clientOf(redis).call('ACL', 'SETUSER', 'rolegate', 'reset', ...aclRule, ...changes);

  it('of the guide has all permissions: the doctor tries what the guide grants', async () => {
    await setUser();
    expect(await reportOf(asUser())).toContain('the user may run every command that is needed');
    const tried = [...triedCommands, 'time', 'info', 'client|setname', 'cluster|slots', 'cluster|info'];
    expect([...tried].sort()).toEqual([...granted].sort());
  });

  it.each(triedCommands)('without %s is an error that mentions it', async (command) => {
    await setUser(`-${command}`);
    const text = await reportOf(asUser());
    expect(text).toMatch(new RegExp(`✗ cache.redis: the user may not run ${command}\\n`));
    expect(text).toContain('A user with the least rights');
  });

  it.each([
    ['keys', 'resetkeys', 'the user may not use all keys'],
    ['channels', 'resetchannels', 'the user may not use all channels'],
    ['statistics', '-info', 'the user may not run "info" or "time"'],
  ])('without its %s', async (_, change, found) => {
    await setUser(change);
    expect(await reportOf(asUser())).toContain(found);
  });

  it('with a wrong password, which is not shown', async () => {
    await setUser();
    const text = await reportOf(asUser('another-password'));
    expect(text).toContain('✗ cache.redis: the user or its password is not accepted');
    expect(text).not.toContain('another-password');
  });
});

describe('several servers', () => {
  it('with Sentinels, one of which is down', async () => {
    const redis = await startSentinelRedis();
    await redis.sentinels[2]?.kill();
    const text = await reportOf(redis.yaml.replace(/ }$/, ', timeout: 5s }'));
    expect(text).toContain(`the Sentinels name a master of "${redis.name}"`);
    expect(text).toContain('the user may run every command that is needed');
    expect(text.match(/✓ .*the Sentinel accepts connections/g)).toHaveLength(2);
    expect(text).toMatch(/! .*the Sentinel accepts no connections \(ECONNREFUSED\)/);
  }, 60_000);

  it('as a Cluster', async () => {
    const redis = await startClusterRedis();
    const text = await reportOf(redis.yaml.replace(/ }$/, ', timeout: 5s }'));
    expect(text).toContain('a Cluster of 3 masters');
    expect(text.match(/responds in /g)).toHaveLength(3);
    expect(text).toContain('the user may run every command that is needed');
  }, 60_000);
});
