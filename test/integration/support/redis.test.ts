import { once } from 'node:events';
import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startPrivateRedis, startRedisProcess, useRedis } from '../../support/redis.ts';

function connect(url: string): Redis {
  const client = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: 0, commandTimeout: 500 });
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

test("the shared server keeps data under the test's prefix", async () => {
  const first = await useRedis();
  const second = await useRedis();
  expect(second.url).toBe(first.url);
  expect(second.keyPrefix).not.toBe(first.keyPrefix);
  const client = connect(first.url);
  await client.set(`${first.keyPrefix}a`, '1', 'EX', 60);
  expect(await client.get(`${first.keyPrefix}a`)).toBe('1');
});

test('a private server can be stopped, started, killed and frozen on one port', async () => {
  const server = await startPrivateRedis();
  onTestFinished(() => server.dispose());
  const client = connect(server.url);
  await client.set('a', '1');

  await server.stop();
  await expect(client.get('a')).rejects.toThrow();
  await server.start();
  await vi.waitFor(async () => expect(await client.get('a')).toBeNull());

  await server.pause();
  await expect(client.get('a')).rejects.toThrow('timed out');
  await server.resume();
  await vi.waitFor(async () => expect(await client.ping()).toBe('PONG'));

  await server.kill();
  await expect(client.ping()).rejects.toThrow();
  await server.start();
  await vi.waitFor(async () => expect(await client.ping()).toBe('PONG'));
}, 60_000);

test('private servers are separate from each other and from the shared one', async () => {
  const [shared, first, second] = await Promise.all([useRedis(), startPrivateRedis(), startPrivateRedis()]);
  onTestFinished(async () => {
    await Promise.all([first.dispose(), second.dispose()]);
  });
  expect(new Set([shared.url, first.url, second.url]).size).toBe(3);
}, 60_000);

test('reports the output of a process that ends instead of listening, also where another one responds', async () => {
  const redis = await startRedisProcess({});
  onTestFinished(() => redis.dispose());
  await redis.stop();
  const other = createServer((socket) => void socket.on('error', () => {}).on('data', () => socket.write('+PONG\r\n')));
  other.listen(Number(new URL(redis.url).port), '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  await expect(redis.start()).rejects.toThrow(/^redis-server on port \d+ ended with exit code 1\n(?:.*\n)*.*in use/);
  const unknown = startRedisProcess({ arguments: ['--no-such-setting', 'yes'] });
  await expect(unknown).rejects.toThrow(/ended with exit code 1\n(?:.*\n)*.*no-such-setting/);
}, 60_000);
