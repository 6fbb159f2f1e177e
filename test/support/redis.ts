/**
 * Redis for tests. Where none is available the test is skipped, with the reason in the list at the end of the run;
 * works inside a test, `beforeEach` and `beforeAll`.
 */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { inject } from 'vitest';
import { replicasKey } from '../../src/identity/revocation/revocation-keys.ts';
import type { BrokerAnswer, RedisVerb } from './redis/redis-broker.ts';
import type { RunningRedis } from './redis/running-redis.ts';
import type { ProcessSpec } from './redis/server-process.ts';
import { skipHere } from './skip-here.ts';

export interface SharedRedis {
  readonly url: string;
  /** For the keys of one test: all tests share the server, and it is never flushed. */
  readonly keyPrefix: string;
}

export type PrivateRedis = RunningRedis;

/** The run's one server, in use by gateways before. Use keys under the prefix, or under another unique one. */
export async function useRedis(): Promise<SharedRedis> {
  const { url } = await ask('/shared');
  const keyPrefix = `test:${randomUUID()}:`;
  await registerEarlier(url, keyPrefix);
  return { url, keyPrefix };
}

/**
 * Otherwise Redis may have lost its data, and revocations would wait for `cache.whileDisconnected` at first. The time is as far ahead as
 * is accepted, because gateways may start later.
 */
async function registerEarlier(url: string, keyPrefix: string): Promise<void> {
  const client = new Redis(url);
  await client.zadd(replicasKey(keyPrefix), Date.now() + 11_000, 'an earlier gateway');
  client.disconnect();
}

/** A separate server for the test, which may stop, start, kill and freeze it. Call `dispose` after the test. */
export async function startPrivateRedis(): Promise<PrivateRedis> {
  return handleOf(await ask('/own'));
}

/** A separate process of `redis-server` for the test, with its own arguments and files. See `redis-topologies.ts`. */
export async function startRedisProcess(spec: ProcessSpec): Promise<PrivateRedis> {
  return handleOf(await ask('/process', spec));
}

function handleOf({ url, id }: { url: string; id: number }): PrivateRedis {
  const order = (verb: RedisVerb) => async () => {
    await ask(`/${id}/${verb}`);
  };
  return {
    url,
    stop: order('stop'),
    start: order('start'),
    kill: order('kill'),
    pause: order('pause'),
    resume: order('resume'),
    dispose: order('dispose'),
  };
}

async function ask(path: string, body?: ProcessSpec): Promise<Extract<BrokerAnswer, { url: string }>> {
  const response = await fetch(`${inject('redisBroker')}${path}`, {
    method: 'POST',
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
  const answer = (await response.json()) as BrokerAnswer;
  if ('skip' in answer) skipHere(answer.skip);
  return answer;
}

declare module 'vitest' {
  interface ProvidedContext {
    redisBroker: string;
  }
}
