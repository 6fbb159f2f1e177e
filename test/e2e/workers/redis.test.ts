/** Workers with Redis, where each is a replica: they share verdicts, and apply revocations from elsewhere. */
import { expect, test } from 'vitest';
import { useRedis } from '../../support/redis.ts';
import { poll, startWorkers, usualConfig, type WorkersWorld } from './workers-world.ts';

const ann = { authorization: 'Bearer anns-token' };
const bob = { 'api-key': 'bobs-key', 'api-secret': 'bobs-secret' };
const sessionId = '11111111-2222-4333-8444-555555555555';
const cacheSecret = 'a cache secret of at least thirty-two characters';

/** Two gateways with two workers each, one Redis and one Auth API. */
async function twoGateways(): Promise<[WorkersWorld, WorkersWorld]> {
  const { url, keyPrefix } = await useRedis();
  const withRedis = (parts: Parameters<typeof usualConfig>[0]) =>
    usualConfig(parts).replace(
      'cache: { ',
      `cache: { secret: "${cacheSecret}", redis: { url: "${url}", keyPrefix: "${keyPrefix}" }, `,
    );
  const first = await startWorkers({ config: withRedis });
  const authApi = new URL(first.authApi.url).origin;
  const second = await startWorkers({ config: (parts) => withRedis({ ...parts, authApi }) });
  for (const world of [first, second]) {
    await poll(async () => JSON.parse((await world.admin('/health/ready')).text).checks).toMatchObject({
      redis: 'ok',
      revocations: 'ok',
    });
  }
  return [first, second];
}

test('a verdict of one worker is used by all, also by those that start later', async () => {
  const [world, other] = await twoGateways();
  const { authApi } = world;
  authApi.addSession('anns-token', { roles: ['user'], sessionId });
  // Its health check sends no credential.
  const checks = () => authApi.received.filter((headers) => headers.includes('Bearer anns-token'));
  for (const one of [world, other]) {
    const connections = await one.toEach('/orders/7', ann);
    for (const connection of connections) expect((await connection.get('/orders/7', ann)).status).toBe(200);
  }
  expect(checks()).toHaveLength(1);
  const before = world.pids();
  process.kill(before.get(1)!, 'SIGKILL');
  await poll(() => world.pids().get(1)).not.toBe(before.get(1));
  await poll(async () => JSON.parse((await world.admin('/health/ready')).text).checks).toMatchObject({
    redis: 'ok',
    revocations: 'ok',
    workers: '2 of 2',
  });
  const connections = await world.toEach('/orders/7', ann);
  for (const connection of connections) expect((await connection.get('/orders/7', ann)).status).toBe(200);
  expect(checks()).toHaveLength(1);
});

test('what is revoked at one gateway is revoked in every worker of the other when the response arrives', async () => {
  const [world, other] = await twoGateways();
  const { authApi } = world;
  authApi.addSession('anns-token', { roles: ['user'], sessionId });
  authApi.addKeyPair('bobs-key', 'bobs-secret', { roles: ['user'], keyId: 'bobs-pair', sessionId: 'none' });
  const connections = [...(await world.toEach('/orders/7', ann)), ...(await other.toEach('/orders/7', ann))];
  const statuses = async (who: Record<string, string>) =>
    await Promise.all(connections.map(async (one) => (await one.get('/orders/7', who)).status));
  expect(await statuses(ann)).toEqual([200, 200, 200, 200]);
  expect(await statuses(bob)).toEqual([200, 200, 200, 200]);
  authApi.remove('anns-token');
  authApi.remove('bobs-key');
  expect((await world.admin('/revocations', { sessionID: sessionId })).status).toBe(202);
  expect(await statuses(ann)).toEqual([401, 401, 401, 401]);
  expect(await statuses(bob)).toEqual([200, 200, 200, 200]);
  // By its value, as someone would who found it leaked.
  expect((await other.admin('/revocations', { apiKey: 'bobs-key', apiSecret: 'bobs-secret' })).status).toBe(202);
  expect(await statuses(bob)).toEqual([401, 401, 401, 401]);
});
