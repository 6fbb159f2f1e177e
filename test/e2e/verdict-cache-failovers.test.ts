/** The same requirements as for other faults, with Redis as Sentinels or a Cluster: a master dies during requests. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ClusterRedis,
  type SentinelRedis,
  startClusterRedis,
  startSentinelRedis,
} from '../support/redis-topologies.ts';
import { FaultTable, installBefore, latencyMs, long, noFault, short } from './support/fault-bench.ts';
import type { Installation } from './support/installation.ts';

const deadlines = { authApiMs: 2_000, whileDisconnectedMs: 1_000 };
const table = new FaultTable(latencyMs);
const ends: (() => unknown)[] = [];
const atEnd = (end: () => unknown) => void ends.push(end);
let installation: Installation;

async function endAll(): Promise<void> {
  await installation?.close();
  for (const end of ends.splice(0).reverse()) await end();
}

describe('steady requests at three replicas with Sentinels', () => {
  let redis: SentinelRedis;
  beforeAll(async () => {
    redis = await startSentinelRedis(atEnd);
    installation = await installBefore(redis.yaml, deadlines);
  }, 120_000);
  afterAll(endAll);

  it('no fault', () => table.run(installation, noFault, short));

  it('the master dies, and its replica takes over', async () => {
    const [master] = redis.servers;
    const fault = {
      name: 'Sentinels: master killed, its replica takes over',
      begin: () => master.kill(),
      end: async () => {
        await expect.poll(() => redis.masterIndex(), { timeout: 60_000 }).toBe(1);
        await master.start();
      },
    };
    await table.run(installation, fault, long);
  });

  it('the master is replaced in a planned failover', async () => {
    const fault = { name: 'Sentinels: ordered failover', begin: () => redis.failOver(), end: async () => {} };
    await table.run(installation, fault, long);
  });
});

describe('steady requests at three replicas with a Cluster', () => {
  let redis: ClusterRedis;
  beforeAll(async () => {
    redis = await startClusterRedis({ replicas: true }, atEnd);
    installation = await installBefore(redis.yaml, deadlines);
  }, 120_000);
  afterAll(endAll);

  it.each([0, 2])('master %i is lost, and comes back', async (index) => {
    const node = redis.nodes[index]!;
    const name = `Cluster: master ${index + 1} of 3 killed, back after 5 s`;
    await table.run(installation, { name, begin: () => node.kill(), end: () => node.start() }, long);
  });

  it('stores the table', () => table.keep('failovers'));
});
