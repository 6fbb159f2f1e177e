/**
 * Redis as users run it, of real processes: behind Sentinels, as a Cluster, with TLS. Where `redis-server` is not to be
 * had the test that asks is skipped. Everything ends with the test (or, from `beforeAll`, with its suite):
 *
 *     const redis = await startSentinelRedis();       // or startClusterRedis(), startTlsRedis()
 *     const gateway = await startGateway(`... cache: { redis: ${redis.yaml} } ...`);
 *     await redis.servers[0].kill();                  // also stop, start, pause, resume: each a process of its own
 *     await redis.failOver();                         // Sentinels: resolves when there is another master
 *
 * Starting Sentinels or a Cluster takes a few seconds, and many on a busy machine: give such tests the time of slow ones.
 */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { onTestFinished, vi } from 'vitest';
import type { Address } from '../../src/config/config.ts';
import { createAuthority } from './certificates.ts';
import { type PrivateRedis, startRedisProcess } from './redis.ts';

export interface RedisNode extends PrivateRedis {
  readonly address: Address;
}

/** Closes something with the test, or earlier on request. */
type AtEnd = (end: () => void | Promise<void>) => void;

/** For `vi.waitFor`. */
export const patience = { timeout: 60_000, interval: 50 };

export interface SentinelRedis {
  /** Value for the key `redis` of a configuration; add keys before the last brace. */
  readonly yaml: string;
  readonly name: string;
  readonly sentinels: readonly RedisNode[];
  /** The initial master, then a replica. */
  readonly servers: readonly [RedisNode, RedisNode];
  /** The current master, by its index in `servers`; -1: none is known. */
  masterIndex(): Promise<number>;
  /** Promotes the replica and waits for it; the old master continues to run. */
  failOver(): Promise<void>;
}

/** Two servers and three Sentinels, which replace a master that is silent for a second. */
export async function startSentinelRedis(atEnd: AtEnd = onTestFinished): Promise<SentinelRedis> {
  // Unique, so no Sentinel of another test can learn of this master.
  const name = `master-${randomUUID()}`;
  const master = await startNode(atEnd, { arguments: quick });
  const replicaOf = ['--replicaof', '127.0.0.1', String(master.address.port)];
  const replica = await startNode(atEnd, { arguments: [...quick, ...replicaOf] });
  // Sentinels look for replicas at once and then every ten seconds.
  await untilInStep(connectTo(atEnd, replica));
  const text = [
    'port {port}',
    'bind 127.0.0.1',
    'dir {folder}',
    'protected-mode no',
    `sentinel monitor ${name} 127.0.0.1 ${master.address.port} 2`,
    `sentinel down-after-milliseconds ${name} 1000`,
    `sentinel failover-timeout ${name} 2000`,
    '',
  ].join('\n');
  const spec = { sentinel: true, files: { 'redis.conf': text } };
  const sentinels = await Promise.all([1, 2, 3].map(() => startNode(atEnd, spec)));
  const servers = [master, replica] as const;
  const asked = sentinels.map((sentinel) => connectTo(atEnd, sentinel));

  async function fields(client: Redis): Promise<Map<string, string>> {
    const flat = (await client.call('SENTINEL', 'MASTER', name)) as string[];
    return new Map(flat.flatMap((key, index) => (index % 2 === 0 ? [[key, flat[index + 1] ?? ''] as const] : [])));
  }
  /** According to each Sentinel. */
  async function masters(): Promise<readonly number[]> {
    const ports = await Promise.all(asked.map(async (client) => Number((await fields(client)).get('port'))));
    return ports.map((port) => servers.findIndex(({ address }) => address.port === port));
  }
  async function masterIndex(): Promise<number> {
    const [first = -1, ...others] = await masters();
    return others.every((one) => one === first) ? first : -1;
  }

  await eachNode(asked, async (client) => {
    const known = await fields(client);
    if (known.get('num-slaves') !== '1' || known.get('num-other-sentinels') !== '2') {
      throw new Error(`a Sentinel does not know all others: ${JSON.stringify(Object.fromEntries(known))}`);
    }
  });

  return {
    yaml: `{ sentinel: { name: ${name}, nodes: ${listed(sentinels)} } }`,
    name,
    sentinels,
    servers,
    masterIndex,
    async failOver() {
      const before = await masterIndex();
      await vi.waitFor(async () => {
        const now = await masters();
        // A failover that takes too long on a busy machine is abandoned, and must be requested again.
        if (now[0] === before) await asked[0]!.call('SENTINEL', 'FAILOVER', name).catch(() => {});
        if (now.some((one) => one === before || one === -1)) throw new Error('still the same master');
      }, patience);
    },
  };
}

export interface ClusterRedis {
  readonly yaml: string;
  /** The masters, then their replicas in the same order. */
  readonly nodes: readonly RedisNode[];
  /** The initial master for this key's slot, by its index in `nodes`. */
  masterOf(key: string): Promise<number>;
  /** From now on the node with this index drops the published messages that other nodes pass to it; `false`: no longer. */
  dropPublished(index: number, yes: boolean): Promise<void>;
}

const slots = 16_384;
/** The number of its type between nodes. */
const publishedPacket = 4;

/** Three masters with a third of the slots each, and as many replicas if requested. */
export async function startClusterRedis(
  { replicas = false, fullCoverage = false } = {},
  atEnd: AtEnd = onTestFinished,
): Promise<ClusterRedis> {
  const settings = {
    'cluster-enabled': 'yes',
    'cluster-port': '{bus}',
    'cluster-config-file': '{folder}/nodes.conf',
    'cluster-announce-ip': '127.0.0.1',
    'cluster-node-timeout': '2000',
    'cluster-require-full-coverage': fullCoverage ? 'yes' : 'no',
    'enable-debug-command': 'local',
    dir: '{folder}',
  };
  const spec = { arguments: [...quick, ...Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value])] };
  const masters = 3;
  const count = replicas ? 2 * masters : masters;
  const nodes = await Promise.all(Array.from({ length: count }, () => startNode(atEnd, spec)));
  const clients = nodes.map((node) => connectTo(atEnd, node));
  const share = (index: number) => Math.floor((index * slots) / masters);
  const first = nodes[0]!.address.port;
  const busOf = async (client: Redis) => ((await client.config('GET', 'cluster-port')) as string[])[1] ?? '';
  const bus = await busOf(clients[0]!);
  for (const [index, client] of clients.entries()) {
    await client.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
    if (index < masters) {
      await client.call('CLUSTER', 'ADDSLOTSRANGE', String(share(index)), String(share(index + 1) - 1));
    }
  }
  await eachNode(clients, async (client) => {
    const known = await nodesKnownTo(client);
    if (known.length === count && known.every(isMet)) return;
    // Repeatedly: a handshake that takes too long on a busy machine is abandoned.
    for (const other of clients.slice(1)) await other.call('CLUSTER', 'MEET', '127.0.0.1', String(first), bus);
    throw new Error(`a node does not know all others: ${known.join('\n')}`);
  });
  for (const [index, client] of clients.entries()) {
    if (index < masters) continue;
    const id = (await clients[index - masters]!.call('CLUSTER', 'MYID')) as string;
    await client.call('CLUSTER', 'REPLICATE', id);
  }
  for (const client of clients.slice(masters)) await untilInStep(client);
  await eachNode(clients, async (client) => {
    const info = (await client.call('CLUSTER', 'INFO')) as string;
    const known = await nodesKnownTo(client);
    const isReplica = (line: string) => / (?:myself,)?slave /.test(line);
    if (info.includes('cluster_state:ok') && known.filter(isReplica).length === count - masters) return;
    throw new Error(`a node does not know what the others are: ${info}\n${known.join('\n')}`);
  });
  return {
    yaml: `{ cluster: ${listed(nodes.slice(0, masters))} }`,
    nodes,
    async masterOf(key) {
      const slot = (await connectTo(atEnd, nodes[0]!).call('CLUSTER', 'KEYSLOT', key)) as number;
      return nodes.findIndex((_, index) => index < masters && slot >= share(index) && slot < share(index + 1));
    },
    async dropPublished(index, yes) {
      await clients[index]!.call('DEBUG', 'DROP-CLUSTER-PACKET-FILTER', yes ? publishedPacket : -1);
    },
  };
}

export interface TlsRedis extends RedisNode {
  /** PEM texts: the server's authority, and a client certificate. */
  readonly ca: string;
  readonly client: { readonly cert: string; readonly key: string };
}

/** One TLS-only server, as `redis.test`, `localhost` and 127.0.0.1. */
export async function startTlsRedis(
  { askClients = false, hosts = ['redis.test', 'localhost'], addresses = ['127.0.0.1'] } = {},
  atEnd: AtEnd = onTestFinished,
): Promise<TlsRedis> {
  const authority = createAuthority();
  const own = authority.issue({ hosts, addresses });
  const files = { 'ca.pem': authority.cert, 'own.pem': own.cert, 'own-key.pem': own.key };
  const settings = {
    'tls-cert-file': '{folder}/own.pem',
    'tls-key-file': '{folder}/own-key.pem',
    'tls-ca-cert-file': '{folder}/ca.pem',
    'tls-auth-clients': askClients ? 'yes' : 'no',
  };
  const more = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]);
  const node = await startNode(atEnd, { tls: true, files, arguments: more });
  return { ...node, ca: authority.cert, client: authority.issue({ hosts: ['gateway.test'] }) };
}

/** A separate client for the test, to one server. */
export function connectTo(atEnd: AtEnd, { address }: Pick<RedisNode, 'address'>): Redis {
  const client = new Redis({ ...address, maxRetriesPerRequest: 0, retryStrategy: () => 50, commandTimeout: 5_000 });
  client.on('error', () => {});
  atEnd(() => client.disconnect());
  return client;
}

/** A replica is in sync at once. */
const quick = ['--repl-diskless-sync-delay', '0'];

async function startNode(atEnd: AtEnd, spec: Parameters<typeof startRedisProcess>[0]): Promise<RedisNode> {
  const started = await startRedisProcess(spec);
  atEnd(started.dispose);
  return { ...started, address: { host: '127.0.0.1', port: Number(new URL(started.url).port) } };
}

async function eachNode(clients: readonly Redis[], holds: (client: Redis) => Promise<void>): Promise<void> {
  for (const client of clients) await vi.waitFor(() => holds(client), patience);
}

async function untilInStep(replica: Redis): Promise<void> {
  await vi.waitFor(async () => {
    const info = await replica.info('replication');
    if (!info.includes('master_link_status:up')) throw new Error(`a replica is not in step: ${info}`);
  }, patience);
}

/** Lines of `CLUSTER NODES`. */
async function nodesKnownTo(client: Redis): Promise<readonly string[]> {
  return ((await client.call('CLUSTER', 'NODES')) as string).trim().split('\n');
}

function isMet(line: string): boolean {
  return / connected( |$)/.test(line) && !/handshake|noaddr|fail/.test(line);
}

function listed(nodes: readonly RedisNode[]): string {
  return JSON.stringify(nodes.map(({ address: { host, port } }) => `${host}:${port}`));
}
