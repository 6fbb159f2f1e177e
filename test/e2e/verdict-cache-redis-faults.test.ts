/**
 * Faults of Redis during steady requests: no request is wrongly refused as unauthorized or wrongly allowed, none gets
 * an error, and none waits longer than the configured timeouts.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PrivateRedis, startPrivateRedis } from '../support/redis.ts';
import { FaultTable, installBefore, latencyMs, long, noFault, short } from './support/fault-bench.ts';
import type { Installation } from './support/installation.ts';

const deadlines = { authApiMs: 2_000, whileDisconnectedMs: 1_000 };

describe('steady requests at three replicas with one Redis', () => {
  const table = new FaultTable(latencyMs);
  let redis: PrivateRedis;
  let installation: Installation;

  beforeAll(async () => {
    redis = await startPrivateRedis();
    installation = await installBefore(`{ url: "${redis.url}", keyPrefix: "faults:" }`, deadlines);
  }, 120_000);
  afterAll(async () => {
    await installation?.close();
    await redis?.dispose();
  });

  it('no fault', async () => {
    const run = await table.run(installation, noFault, short);
    expect(run.deafShare).toBeLessThan(0.5);
  });

  it('Redis is killed, and comes back empty', async () => {
    const fault = { name: 'Redis killed, back and empty after 3 s', begin: redis.kill, end: redis.start };
    const run = await table.run(installation, fault, short);
    expect(run.deafShare).toBeGreaterThan(0.1);
  });

  it('Redis is suspended for 5 s', async () => {
    const fault = { name: 'Redis stopped (SIGSTOP) for 5 s', begin: redis.pause, end: redis.resume };
    const run = await table.run(installation, fault, long);
    expect(run.deafShare).toBeGreaterThan(0.1);
  });

  it('stores the table', () => table.keep('redis-faults'));
});
