import { expect, onTestFinished, test } from 'vitest';
import { connectTo, startClusterRedis, startSentinelRedis, startTlsRedis } from '../../support/redis-topologies.ts';

test('Sentinels: the master can be replaced', async () => {
  const redis = await startSentinelRedis();
  expect(await redis.masterIndex()).toBe(0);
  await connectTo(onTestFinished, redis.servers[0]).set('a', '1');
  await redis.failOver();
  expect(await redis.masterIndex()).toBe(1);
  expect(await connectTo(onTestFinished, redis.servers[1]).get('a')).toBe('1');
});

test('a Cluster: each master serves its share of the slots', async () => {
  const redis = await startClusterRedis({ replicas: true });
  const seen = new Set<number>();
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
    const index = await redis.masterOf(key);
    seen.add(index);
    await connectTo(onTestFinished, redis.nodes[index]!).set(key, '1');
  }
  expect([...seen].sort()).toEqual([0, 1, 2]);
});

test('TLS: a server with a certificate that Node accepts', async () => {
  const redis = await startTlsRedis({ askClients: true });
  const { connect } = await import('node:tls');
  const socket = connect({ ...redis.address, ca: redis.ca, ...redis.client, servername: 'redis.test' });
  onTestFinished(() => void socket.destroy());
  const answer = await new Promise<string>((resolve, reject) => {
    socket.on('secureConnect', () => socket.write('PING\r\n')).on('error', reject);
    socket.on('data', (chunk) => resolve(chunk.toString()));
  });
  expect(answer).toBe('+PONG\r\n');
});
