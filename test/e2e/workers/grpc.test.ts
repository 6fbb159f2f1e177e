/**
 * Checks over gRPC with several workers: the age limit of connections distributes a few of them over all workers, and
 * no check fails.
 */
import { expect, test } from 'vitest';
import { connectExtAuthz } from '../../support/ext-authz-client.ts';
import { startWorkers, usualConfig } from './workers-world.ts';

const request = {
  method: 'GET',
  target: '/orders/7',
  rawHeaders: ['Host', 'api.example.test', 'Authorization', 'Bearer anns-token'],
};

test('10,000 checks over four connections reach both workers', async () => {
  const world = await startWorkers({
    config: (parts) =>
      usualConfig({ ...parts, more: 'authorizer: { grpc: { listen: "127.0.0.1:0", maxConnectionAge: 1s } }\n' }),
  });
  world.authApi.addSession('anns-token', { userId: 'ann', roles: ['user'] });
  const proxies = Array.from({ length: 4 }, () => connectExtAuthz(world.grpcPort));
  let asked = 0;
  const ofWorker = (worker: number) => world.metric(new RegExp(`^rolegate_worker_requests_total.*"${worker}"`));
  const spread = async () => (await ofWorker(1)) > 0 && (await ofWorker(2)) > 0;
  const askOver = async (proxy: (typeof proxies)[number]) => {
    for (let i = 0; i < 50; i += 1) {
      const verdict = await proxy.ask(request);
      expect([verdict.allowed, verdict.header('user-id')]).toEqual([true, 'ann']);
      asked += 1;
    }
  };
  while (asked < 10_000 || !(await spread()))
    await Promise.all(proxies.flatMap((proxy) => [askOver(proxy), askOver(proxy), askOver(proxy)]));
  for (const proxy of proxies) proxy.close();
  const counted = /^rolegate_authorizer_checks_total\{dialect="grpc",outcome="allow"/;
  await expect.poll(() => world.metric(counted)).toBe(asked);
  expect((await ofWorker(1)) + (await ofWorker(2))).toBe(asked);
}, 120_000);
