/** When Redis fails, the log shows the cause, once a minute for each reason, and no secret. */
import { Redis } from 'ioredis';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { type PrivateRedis, startPrivateRedis } from '../../support/redis.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

const password = 'the-password-of-the-gateway';

interface Fault {
  readonly name: string;
  /** Of the user `gateway` with the password above. */
  readonly acl?: string;
  /** The gateway's own credentials. */
  readonly shown?: string;
  prepare?(redis: Redis): Promise<unknown>;
  readonly away?: boolean;
  readonly expected: object;
}

const everything = '~* &* +@all';
const faults: readonly Fault[] = [
  {
    name: 'a closed port',
    away: true,
    expected: { at: 'connection', reason: 'disconnected', code: 'ECONNREFUSED' },
  },
  {
    name: 'a wrong password',
    shown: 'another-password',
    expected: { at: 'connection', reason: 'forbidden', code: 'WRONGPASS' },
  },
  {
    name: 'a user without read permission',
    acl: '~* &* +@all -getrange',
    expected: { at: 'command', reason: 'forbidden', code: 'NOPERM' },
  },
  {
    name: 'a user without a permission that only scripts need',
    acl: '~* &* +@all -xrevrange',
    expected: { at: 'command', reason: 'forbidden', code: 'NOPERM' },
  },
  {
    name: 'a user without permission to subscribe',
    acl: '~* resetchannels +@all',
    expected: { at: 'subscription', reason: 'forbidden', code: 'NOPERM' },
  },
  {
    name: 'exhausted memory',
    prepare: (redis) => redis.config('SET', 'maxmemory', '1'),
    expected: { at: 'command', reason: 'full', code: 'OOM' },
  },
];

async function startOn(redis: PrivateRedis | string, shown: string, authApi: FakeAuthApi): Promise<RunningGateway> {
  const upstream = await startRecordingUpstream();
  onTestFinished(() => upstream.close());
  const url = typeof redis === 'string' ? redis : redis.url;
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
log: { level: info }
authApi: { url: "${new URL(authApi.url).origin}" }
cache: { secret: "${'s'.repeat(40)}", accepted: 0s, redis: { url: "${url}", username: gateway, password: "${shown}" } }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: own, match: { path: "/own" }, upstream: service, access: authenticated }
`);
  onTestFinished(gateway.close);
  return gateway;
}

test.each(faults)('$name', async ({ acl = everything, shown = password, prepare, away = false, expected }) => {
  const redis = await startPrivateRedis();
  onTestFinished(() => redis.dispose());
  const client = new Redis(redis.url);
  await client.acl('SETUSER', 'gateway', 'on', `>${password}`, ...acl.split(' '));
  await prepare?.(client);
  client.disconnect();
  if (away) await redis.kill();
  const authApi = await startFakeAuthApi();
  onTestFinished(() => authApi.close());
  authApi.addSession('a');
  const gateway = await startOn(redis, shown, authApi);
  const told = () => gateway.logLines().filter(({ msg }) => msg === 'Redis failed');
  await vi.waitFor(
    async () => {
      const response = await fetch(`${gateway.origin}/own`, { headers: { authorization: 'Bearer a' } });
      expect(response.status).toBe(200);
      expect(told()).toContainEqual(expect.objectContaining({ level: 'warn', redis: expected }));
    },
    { timeout: 10_000, interval: 50 },
  );
  const texts = told().map((line) => JSON.stringify(line['redis']));
  expect(texts).toEqual([...new Set(texts)]);
  expect(gateway.logText()).not.toMatch(/the-password-of-the-gateway|another-password|verdict:/);
});
