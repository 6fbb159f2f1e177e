/** Revocation with a Redis Cluster or Sentinels: it reaches every replica, also when a server is lost. */
import { expect, onTestFinished, test, vi } from 'vitest';
import type { RedisConfig } from '../../../src/config/config.ts';
import { gatewaysChannel } from '../../../src/identity/revocation/revocation-keys.ts';
import { type Part, sessionId, startPartOn } from '../../integration/revocation/parts.ts';
import { connectTo, startClusterRedis, startSentinelRedis } from '../../support/redis-topologies.ts';

const session = { kind: 'session', id: sessionId } as const;
const common = { username: null, password: null, tls: null, keyPrefix: 'p:', commandTimeoutMs: 1_000 } as const;

async function expectTold(parts: readonly Part[]): Promise<void> {
  await Promise.all(parts.map((part) => part.hears(true)));
  const askedAtMs = Date.now();
  expect(await parts[0]!.revoke(session, 'admin')).toBe('delivered');
  // A suspended process detects that it may have missed something.
  const safe = (part: Part) => part.drops(askedAtMs) || !part.connection.isConnected(Date.now());
  expect(parts.map(safe)).toEqual(parts.map(() => true));
  await vi.waitFor(() => expect(parts.map((part) => part.drops(askedAtMs))).toEqual(parts.map(() => true)));
}

test('a Cluster that loses the node with the log', async () => {
  const cluster = await startClusterRedis({ replicas: true });
  const nodes = cluster.nodes.map(({ address }) => address);
  const config: RedisConfig = { ...common, servers: { kind: 'cluster', nodes } };
  const parts = [1, 2, 3].map(() => startPartOn(config, 1_000));
  await expectTold(parts);
  await cluster.nodes[await cluster.masterOf('p:{revocations}:log')]!.kill();
  await Promise.all(parts.map((part) => part.hears(false)));
  await expectTold(parts);
});

test('a Cluster that loses a message between its nodes', async () => {
  const cluster = await startClusterRedis();
  const nodes = cluster.nodes.map(({ address }) => address);
  const config: RedisConfig = { ...common, servers: { kind: 'cluster', nodes } };
  const log = await cluster.masterOf('p:{revocations}:log');
  const others = [0, 1, 2].filter((index) => index !== log);
  const clients = others.map((index) => connectTo(onTestFinished, cluster.nodes[index]!));
  async function subscribersElsewhere(): Promise<number> {
    const replies = await Promise.all(clients.map((client) => client.pubsub('NUMSUB', gatewaysChannel('p:'))));
    return replies.reduce((sum, [, count]) => sum + Number(count), 0);
  }
  const parts: Part[] = [];
  async function addPart(): Promise<void> {
    const part = startPartOn(config, 2_000);
    parts.push(part);
    await part.hears(true);
  }
  await addPart();
  const first = await subscribersElsewhere();
  // Until one is subscribed on a node that will not receive what the node with the log publishes.
  while ((await subscribersElsewhere()) === first) await addPart();
  for (const index of others) await cluster.dropPublished(index, true);
  const askedAtMs = Date.now();
  expect(await parts[0]!.revoke(session, 'admin')).toBe('delivered');
  const safe = (part: Part) => part.drops(askedAtMs) || !part.connection.isConnected(Date.now());
  expect(parts.map(safe)).toEqual(parts.map(() => true));
  for (const index of others) await cluster.dropPublished(index, false);
  await Promise.all(parts.map((part) => part.hears(true)));
  expect(parts.map((part) => part.drops(askedAtMs))).toEqual(parts.map(() => true));
  expect(parts.flatMap(({ events }) => events.lines)).toContain('revoked log session');
});

test('Sentinels with a new master', async () => {
  const sentinel = await startSentinelRedis();
  const nodes = sentinel.sentinels.map(({ address }) => address);
  const { name } = sentinel;
  const config: RedisConfig = { ...common, servers: { kind: 'sentinel', name, nodes, username: null, password: null } };
  const parts = [1, 2].map(() => startPartOn(config, 1_000));
  await expectTold(parts);
  await sentinel.servers[0].kill();
  await Promise.all(parts.map((part) => part.hears(false)));
  await expectTold(parts);
});
