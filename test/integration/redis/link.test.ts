/** The link to one server: deadlines, a server that stops and restarts, subscriptions, scripts, and silence in logs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { connectRedis } from '../../../src/redis/connect-redis.ts';
import type { RedisFailure, RedisLink } from '../../../src/redis/redis-link.ts';
import { startPrivateRedis, useRedis } from '../../support/redis.ts';
import { redisConfig } from '../../support/redis-config.ts';
import { listening, patience } from './link-support.ts';

interface Opened {
  readonly link: RedisLink;
  readonly away: RedisFailure[];
}

function open(url: string, timeoutMs?: number): Opened {
  const away: RedisFailure[] = [];
  const link = connectRedis(redisConfig(url, 'test:', timeoutMs), { name: 'test', onAway: (why) => away.push(why) });
  onTestFinished(link.close);
  return { link, away };
}

async function privateRedis() {
  const redis = await startPrivateRedis();
  onTestFinished(redis.dispose);
  return redis;
}

describe('a link to one server', () => {
  it('fails commands at once without a connection, and reconnects on its own', async () => {
    const redis = await privateRedis();
    await redis.stop();
    const { link, away } = open(redis.url);
    expect(link.ready).toBe(false);
    await expect(link.run((client) => client.get('a'))).rejects.toThrow();
    await vi.waitFor(() => expect(away).toContain('disconnected'), patience);
    await redis.start();
    await vi.waitFor(() => expect(link.ready).toBe(true), patience);
    await link.run((client) => client.set('a', '1'));
    expect(await link.run((client) => client.get('a'))).toBe('1');
  });

  it('ends commands at their deadline, drops a silent connection, and reconnects', async () => {
    const redis = await privateRedis();
    const { link, away } = open(redis.url, 50);
    await vi.waitFor(() => expect(link.ready).toBe(true), patience);
    await redis.pause();
    await expect(link.run((client) => client.get('a'))).rejects.toThrow('timed out');
    await vi.waitFor(() => expect(away.length).toBeGreaterThan(0), patience);
    await expect(link.run((client) => client.get('a'))).rejects.toThrow();
    await redis.resume();
    await vi.waitFor(async () => expect(await link.run((client) => client.ping())).toBe('PONG'), patience);
  });

  it('does not mistake a suspended process for a silent Redis', async () => {
    const { url, keyPrefix } = await useRedis();
    const { link } = open(url, 50);
    await vi.waitFor(() => expect(link.ready).toBe(true), patience);
    // Sent now, with a reply that is not read yet.
    const answers = Promise.all(
      Array.from({ length: 100 }, () => link.run((client) => client.set(`${keyPrefix}a`, '1', 'PX', 60_000))),
    );
    await new Promise((resolve) => setImmediate(resolve));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    expect(new Set(await answers)).toEqual(new Set(['OK']));
  });

  it('ends a thousand commands at their deadlines, whatever the order of sending and replies', async () => {
    const redis = await privateRedis();
    const { link } = open(redis.url, 200);
    await vi.waitFor(() => expect(link.ready).toBe(true), patience);
    const before = Array.from({ length: 500 }, () => link.run((client) => client.incr('n')));
    expect(await Promise.all(before)).toHaveLength(500);
    await redis.pause();
    const sentAtMs = performance.now();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 1_000 }, () => link.run((client) => client.incr('n'))),
    );
    expect(performance.now() - sentAtMs).toBeGreaterThanOrEqual(199);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    await redis.resume();
  });

  it('never sends a command twice', async () => {
    const redis = await privateRedis();
    const { link } = open(redis.url, 50);
    await vi.waitFor(() => expect(link.ready).toBe(true), patience);
    const settled = Promise.allSettled(Array.from({ length: 200 }, () => link.run((client) => client.incr('n'))));
    await redis.kill();
    await settled;
    await redis.start();
    await vi.waitFor(async () => expect(await link.run((client) => client.ping())).toBe('PONG'), patience);
    // Nothing survives the restart: a command after it would have arrived twice.
    expect(await link.run((client) => client.get('n'))).toBeNull();
  });

  it('reconnects after an unintended close, whatever caused it', async () => {
    const redis = await privateRedis();
    const { link } = open(redis.url);
    await vi.waitFor(() => expect(link.ready).toBe(true), patience);
    const ended = once(link.client, 'end');
    // From the server: the client interprets it as intended.
    await link.run((client) => client.quit());
    await ended;
    await vi.waitFor(async () => expect(await link.run((client) => client.ping())).toBe('PONG'), patience);
  });

  it('subscribes on a separate connection, which reports when messages may have been missed', async () => {
    const redis = await privateRedis();
    const { link } = open(redis.url);
    const heard = listening(link.subscriber(), 'news');
    await vi.waitFor(() => expect(heard.subscribed).toBe(1), patience);
    await vi.waitFor(() => expect(link.ready).toBe(true), patience);
    await link.run((client) => client.publish('news', 'one'));
    await vi.waitFor(() => expect(heard.messages).toEqual(['one']), patience);
    await redis.kill();
    await redis.start();
    await vi.waitFor(() => expect(heard.subscribed).toBe(2), patience);
    await vi.waitFor(async () => expect(await link.run((client) => client.publish('news', 'two'))).toBe(1), patience);
    await vi.waitFor(() => expect(heard.messages).toEqual(['one', 'two']), patience);
  });

  it('closes a subscriber on request, and all of them with itself', async () => {
    const { url, keyPrefix } = await useRedis();
    const { link } = open(url);
    const [first, second] = [link.subscriber(), link.subscriber()];
    const channel = `${keyPrefix}news`;
    const heard = [listening(first, channel), listening(second, channel)];
    await vi.waitFor(() => expect(heard.map(({ subscribed }) => subscribed)).toEqual([1, 1]), patience);
    first.close();
    await vi.waitFor(async () => expect(await link.run((client) => client.publish(channel, 'x'))).toBe(1), patience);
    const other = open(url).link;
    await vi.waitFor(() => expect(other.ready).toBe(true), patience);
    link.close();
    link.close();
    await vi.waitFor(async () => expect(await other.run((client) => client.publish(channel, 'x'))).toBe(0), patience);
    await expect(link.run((client) => client.get('a'))).rejects.toThrow();
  });

  it('runs scripts, also after the server has dropped them', async () => {
    const redis = await privateRedis();
    const { link } = open(redis.url);
    await vi.waitFor(() => expect(link.ready).toBe(true), patience);
    const run = link.script({ name: 'tryTwice', keys: 1, lua: `return { ARGV[1], 7, redis.call('GET', KEYS[1]) }` });
    const bytes = Buffer.of(0, 255, 10, 13);
    await link.run((client) => client.set('k', bytes));
    expect(await run(['k'], [bytes])).toEqual([bytes, 7, bytes]);
    await link.run((client) => client.script('FLUSH'));
    expect(await run(['k'], ['x'])).toEqual([Buffer.from('x'), 7, bytes]);
  });

  it('prints nothing and reveals no address, even where the client would', async () => {
    const redis = await privateRedis();
    const printed = [vi.spyOn(console, 'error').mockReturnValue(), vi.spyOn(console, 'warn').mockReturnValue()];
    const { link, away } = open(redis.url.replace('127.0.0.1', 'localhost'));
    listening(link.subscriber(), 'news');
    await vi.waitFor(() => expect(link.ready).toBe(true), patience);
    await redis.kill();
    await vi.waitFor(() => expect(away.length).toBeGreaterThan(1), patience);
    expect(printed.flatMap(({ mock }) => mock.calls)).toEqual([]);
    expect(new Set(away)).toEqual(new Set(['disconnected']));
  });
});

describe('the Redis client', () => {
  it('is loaded with the first connection, and not without Redis', async () => {
    const from = (path: string) => new URL(`../../../src/${path}`, import.meta.url).href;
    const program = `
      import { createRequire } from 'node:module';
      import '${from('app/create-gateway.ts')}';
      import { connectRedis } from '${from('redis/connect-redis.ts')}';
      const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => /[\\\\/]ioredis[\\\\/]/.test(path));
      const before = loaded();
      const servers = { kind: 'single', host: '127.0.0.1', port: 1, database: 0 };
      const config = { servers, username: null, password: null, tls: null, keyPrefix: '', commandTimeoutMs: 50 };
      connectRedis(config, { name: 'test' }).close();
      process.stdout.write(JSON.stringify([before, loaded()]));
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(await text(child.stdout)).toBe('[false,true]');
  });
});
