/**
 * The log of revocations holds a bounded number of entries, and a gateway that starts refuses tokens from before its first one. Calls that
 * anybody can make must not push it out.
 */
import { expect, onTestFinished, test, vi } from 'vitest';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { nowS, startTokenIssuer } from '../../support/token-issuer.ts';
import { redisClient } from './parts.ts';
import { redisWithLog } from './token-world.ts';
import { adminToken } from './world.ts';

test('ends of sessions of a source that is called do not make a gateway refuse tokens of an issuer', async () => {
  const [redis, issuer, upstream] = await Promise.all([redisWithLog(), startTokenIssuer(), startRecordingUpstream()]);
  onTestFinished(async () => {
    await Promise.all([issuer.close(), upstream.close()]);
  });
  const start = async (name: string) => {
    const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: "${adminToken}" }
log: { level: warn }
sources: { issuer: { kind: jwt, issuer: "${issuer.issuer}", audience: [orders] } }
authApi: { url: "${upstream.origin}" }
cache: { secret: "${name.repeat(40)}", redis: { url: "${redis.url}", keyPrefix: "${redis.keyPrefix}", timeout: 5s }, whileDisconnected: 10s }
identityHeaders: { user-id: userId, user-source: source }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: own, match: { path: "/own" }, upstream: service, access: authenticated }
  - { id: end, match: { path: "/end/{id}" }, upstream: service, access: public, evict: { session: "{id}" } }
`);
    onTestFinished(gateway.close);
    const headers = { authorization: `Bearer ${adminToken}` };
    const metrics = async () => (await fetch(`${gateway.admin}/metrics`, { headers })).text();
    // It reads the whole log first.
    await vi.waitUntil(async () => (await metrics()).includes('rolegate_revocations_connected 1'), 60_000);
    return gateway;
  };
  const log = `${redis.keyPrefix}{revocations}:log`;
  const client = redisClient(redis.url);
  const fill = async (entries: number) => {
    const script = `for at = 1, ARGV[1] do redis.call('XADD', KEYS[1], 'MAXLEN', '~', 100000, '*', 'm', ARGV[2]) end`;
    await client.eval(script, 1, log, entries, '{"v":1,"kind":"session","id":"made-up","atMs":1}');
  };
  const gateway = await start('a');
  // As many as it holds: the next ones push out the first, which is from the day before yesterday.
  await fill(99_999);
  for (let at = 0; at < 300; at += 1) {
    expect((await fetch(`${gateway.origin}/end/made-up-${at}`, { method: 'DELETE' })).status).toBe(200);
  }
  const token = await issuer.token({ iat: nowS() - 60 });
  const status = async ({ origin }: { readonly origin: string }) =>
    (await fetch(`${origin}/own`, { headers: { authorization: `Bearer ${token}` } })).status;
  expect(await status(await start('b'))).toBe(200);
  // Control: as many entries in the other log.
  await fill(300);
  expect(await status(await start('c'))).toBe(401);
}, 180_000);
