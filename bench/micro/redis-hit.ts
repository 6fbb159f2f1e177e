/**
 * Time that a decision takes longer when its identity is in Redis, one at a time: against a GET of as many bytes and a
 * decision that needs no identity, one after the other. Every decision is checked to have come from Redis.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Runtime } from '../../src/app/create-runtime.ts';
import type { RequestView } from '../../src/core/request/request-view.ts';
import { connectRedis } from '../../src/redis/connect-redis.ts';
import type { RedisLink } from '../../src/redis/redis-link.ts';
import { newBearers, redisOf, startDeciding, viewOf } from './deciding.ts';
import { type Figure, figure } from './report.ts';

const batch = 250;
/** Batches that make the code warm. */
const warmUp = 24;
/** As an entry of the Auth API of this benchmark has. */
const entryBytes = 128;
const aimUs = 30;

export async function measureRedisHit(authApi: string, url: string, pairsWanted: number): Promise<Figure[]> {
  // The same client with the same options as the gateway's: a connection of its own, as the other one is not handed out.
  const link = connectRedis(redisOf(url), { name: 'bench' });
  await until(() => link.ready);
  await link.client.set('bench:bare', Buffer.alloc(entryBytes, 'x'));
  const bare = await rawClient(url);
  const withDecision: [number, number][] = [];
  const withClient: [number, number][] = [];
  const withSocket: [number, number][] = [];
  // Another process would have filled Redis; here it is a second cache, whose memory this one does not see.
  const [filling, reading] = [startDeciding(authApi, url), startDeciding(authApi, url)];
  // Who does not hear yet believes no other replica.
  for (const { resolver } of [filling, reading]) await until(() => resolver.revocations.hearing.hears(Date.now()));
  for (let done = -warmUp * batch; done < pairsWanted; done += batch) {
    const bearers = newBearers(batch);
    await fill(filling, link, bearers);
    for (const bearer of bearers) {
      const hit = viewOf('/private/orders/7', bearer);
      const open = viewOf('/public/orders/7', bearer);
      const own = await timed(() => allowed(reading, hit, 'redis'));
      const get = await timed(() => link.client.getBuffer('bench:bare'));
      const public_ = await timed(async () => allowed(reading, open, 'none'));
      const least = await timed(bare.get);
      if (done < 0) continue;
      withDecision.push([own, get + public_]);
      withClient.push([own, get]);
      withSocket.push([own, least]);
    }
  }
  for (const { resolver, upstreams } of [filling, reading]) {
    await resolver.close();
    await upstreams.close();
  }
  link.close();
  bare.socket.destroy();
  return [
    figure(
      'hit in Redis, time',
      'GET through the client library, and a decision on a public route',
      withDecision,
      aimUs,
    ),
    figure('hit in Redis, time', 'GET through the client library alone', withClient, null),
    figure('hit in Redis, time', 'GET on a bare socket', withSocket, null),
  ];
}

/** Returns when all of them lie in Redis, which has no others then: they are written and not waited for. */
async function fill(filling: Runtime, { client }: RedisLink, bearers: readonly string[]): Promise<void> {
  const names = () => client.keys('bench:verdict:*');
  const earlier = await names();
  if (earlier.length > 0) await client.del(...earlier);
  await Promise.all(bearers.map((bearer) => filling.decide(viewOf('/private/orders/7', bearer))));
  await until(async () => (await names()).length === bearers.length);
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries += 1) {
    if (tries > 500) throw new Error('Redis, or what is to lie in it, is not there');
    await pause(10);
  }
}

async function allowed(runtime: Runtime, view: RequestView, source: 'redis' | 'none'): Promise<void> {
  const decision = await runtime.decide(view);
  if (decision.outcome !== 'allow') throw new Error(`refused: ${decision.reason}`);
  if (decision.source !== source) throw new Error(`the verdict came from ${decision.source}, not from ${source}`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) * 1000;
}

/** One GET at a time on a socket, with no client library in between. */
async function rawClient(url: string): Promise<{ readonly socket: Socket; get(): Promise<unknown> }> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  const command = Buffer.from('*2\r\n$3\r\nGET\r\n$10\r\nbench:bare\r\n');
  return {
    socket,
    get: () =>
      new Promise((resolve) => {
        socket.once('data', resolve);
        socket.write(command);
      }),
  };
}
