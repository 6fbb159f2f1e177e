import { expect, test } from 'vitest';
import { shareOf } from '../../../../src/app/workers/share-limits.ts';
import { parseConfig } from '../../../../src/config/parse-config.ts';

const text = `version: 1
server: { limits: { connections: 1000, connectionsPerClient: 7, bodyMemory: 64mb } }
authApi: { url: "http://auth:1", concurrency: 5 }
cache: { maxAccepted: 1001 }
upstreams: { orders: { targets: ["http://orders:1"], connections: 10, queue: { length: 3 } } }
routes: [{ id: open, match: { path: "/" }, upstream: orders, access: public }]
`;

test('divides limits for all clients together, rounded up, but not limits per client', () => {
  const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error('not a configuration');
  const { config } = read;
  const share = shareOf(config, 4);
  expect(share.server.limits).toEqual({ ...config.server.limits, connections: 250, bodyMemoryBytes: 16 * 1024 ** 2 });
  expect(share.server.limits.connectionsPerClient).toBe(7);
  expect(share.authApi?.concurrency).toBe(2);
  expect(share.cache.maxAccepted).toBe(251);
  const { connections, requestsPerClient, queue } = share.upstreams.get('orders')!;
  expect([connections, requestsPerClient, queue.length]).toEqual([3, 2, 1]);
  expect(share.routes).toBe(config.routes);
});
