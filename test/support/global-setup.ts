/**
 * Once per run: offers Redis and PostgreSQL to the workers, and starts each before the tests if one of their files uses
 * it.
 */
import { readFile } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { startPostgresBroker } from './postgres/postgres-broker.ts';
import { startRedisBroker } from './redis/redis-broker.ts';

export default async function setup(root: TestProject): Promise<() => Promise<void>> {
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const redis = await startRedisBroker(process.env, print);
  const postgres = await startPostgresBroker(process.env, print);
  root.provide('redisBroker', redis.url);
  root.provide('postgresBroker', postgres.url);
  // Finding or installing a server can take longer than a test's timeout; a file that uses it only indirectly waits in
  // its test.
  const texts = await Promise.all(root.vitest.state.getPaths().map((path) => readFile(path, 'utf8')));
  const asked = (pattern: RegExp) => texts.some((text) => pattern.test(text));
  if (asked(/\b(useRedis|startPrivateRedis|startSentinelRedis|startClusterRedis|startTlsRedis)\b/))
    await redis.prepare();
  if (asked(/\busePostgres\b/)) await postgres.prepare();
  return async () => {
    await Promise.all([redis.close(), postgres.close()]);
  };
}
