/** Redis as the gateway and the Auth API use it: reachable, with a sufficient version, speed, eviction policy and permissions. */
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Cluster, Redis } from 'ioredis';
import type { RedisConfig } from '../../config/config.ts';
import { createClusterClient } from '../../redis/cluster-client.ts';
import { redisFailure } from '../../redis/redis-failure.ts';
import type { RedisFailure } from '../../redis/redis-link.ts';
import { createServerClient } from '../../redis/server-client.ts';
import { type Check, type Finding, findingsOf, withinCheck } from './check.ts';
import { connectionFailure } from './check-upstreams.ts';
import { findMissingRights } from './redis-rights.ts';
import { clockFinding } from './see-server.ts';

const load = createRequire(import.meta.url);

/** What else to find out with a connected client. */
type Further = (client: Redis | Cluster) => Promise<readonly Finding[]>;

/** `setting`: where it is configured. */
export function redisChecks(
  config: RedisConfig | null,
  setting: string,
  timeoutMs: number,
  further: Further = async () => [],
): readonly Check[] {
  if (config === null) return [];
  const { servers } = config;
  // One of several nodes may be down without any effect that the client shows.
  const nodes = servers.kind === 'single' ? [] : servers.nodes;
  return [
    { group: 'redis', subject: setting, run: () => checkRedis(config, setting, timeoutMs, further) },
    ...nodes.map(({ host, port }): Check => {
      const subject = `${setting} ${host}:${port}`;
      const { ok, warning } = findingsOf('redis', subject);
      return {
        group: 'redis',
        subject,
        async run() {
          const url = new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}`);
          const failure = await connectionFailure(url, null, withinCheck(2_000, timeoutMs));
          const role = servers.kind === 'sentinel' ? 'Sentinel' : 'node';
          if (failure === null) return [ok(`the ${role} accepts connections`)];
          return [
            warning(`the ${role} accepts no connections (${failure})`, `Start it, or remove it from "${setting}".`),
          ];
        },
      };
    }),
  ];
}

async function checkRedis(
  config: RedisConfig,
  setting: string,
  timeoutMs: number,
  further: Further,
): Promise<readonly Finding[]> {
  const { error } = findingsOf('redis', setting);
  const ioredis = load('ioredis') as typeof import('ioredis');
  const { servers } = config;
  const client =
    servers.kind === 'cluster'
      ? createClusterClient(ioredis, config, servers.nodes, 'rolegate-doctor')
      : createServerClient(ioredis, config, servers, 'rolegate-doctor');
  try {
    const failure = await connectOnce(client, withinCheck(timeoutMs, timeoutMs));
    if (failure !== null)
      return [error(connectionWords[failure], `${adviceOn(failure)} It is configured under "${setting}".`)];
    // After the rights, the connection only receives messages.
    const more = await further(client);
    return [...(await checkConnected(client, config, setting)), ...more];
  } finally {
    client.disconnect();
  }
}

/** Why there is no connection, or null. */
function connectOnce(client: Redis | Cluster, timeoutMs: number): Promise<RedisFailure | null> {
  return new Promise((resolve) => {
    let last: RedisFailure = 'timeout';
    const timer = setTimeout(() => resolve(last), timeoutMs);
    const end = (failure: RedisFailure | null) => {
      clearTimeout(timer);
      resolve(failure);
    };
    const failed = (error: unknown) => {
      last = redisFailure(error);
      // A Sentinel or a node that is down leaves the others.
      if (last === 'forbidden' || last === 'certificate') end(last);
    };
    client.on('error', failed);
    client.on('node error', failed);
    client.once('ready', () => end(null));
    client.connect().catch((error: unknown) => {
      // The cause arrived as an event; the closed connection is less specific.
      if (last === 'timeout') last = redisFailure(error);
      if (!('nodes' in client)) end(last);
    });
  });
}

const connectionWords: Readonly<Record<RedisFailure, string>> = {
  disconnected: 'no connection',
  timeout: 'no reply in time',
  forbidden: 'the user or its password is not accepted',
  read_only: 'it is a replica, which accepts no writes',
  busy: 'it is loading, or its Cluster is incomplete',
  full: 'its memory is full',
  certificate: 'its certificate is not trusted',
  other: 'the connection failed for another reason',
};

function adviceOn(failure: RedisFailure): string {
  if (failure === 'forbidden') return 'Correct the user and password, or the ACL of Redis.';
  if (failure === 'certificate') return 'Set its CA in "tls.ca", or the name in its certificate in "tls.serverName".';
  if (failure === 'busy') return 'Wait until it has loaded, or repair the Cluster (redis-cli --cluster check).';
  return 'Start it, or correct the address, TLS and firewalls.';
}

async function checkConnected(
  client: Redis | Cluster,
  config: RedisConfig,
  setting: string,
): Promise<readonly Finding[]> {
  const masters = 'nodes' in client ? client.nodes('master') : [client];
  const seen = await Promise.all(masters.map((master) => checkServer(master, config, subjectOf(master, setting))));
  const { ok } = findingsOf('redis', setting);
  const form =
    config.servers.kind === 'cluster'
      ? [ok(`a Cluster of ${masters.length} masters`)]
      : config.servers.kind === 'sentinel'
        ? [ok(`the Sentinels name a master of "${config.servers.name}"`)]
        : [];
  return [...form, ...seen.flat(), ...(await checkRights(client, config, setting))];
}

function subjectOf({ options: { host, port }, stream }: Redis, setting: string): string {
  const address = 'remoteAddress' in stream ? `${stream.remoteAddress}:${stream.remotePort}` : `${host}:${port}`;
  return `${setting} ${address}`;
}

/** The oldest version with the required features. */
const oldestVersion = 7;
/** Number of measured commands. */
const samples = 5;

async function checkServer(server: Redis, { commandTimeoutMs }: RedisConfig, subject: string): Promise<Finding[]> {
  const findings = findingsOf('redis', subject);
  const { ok, warning, error } = findings;
  try {
    const info = readInfo(await server.info());
    const version = info.get('redis_version') ?? '0';
    const product = info.get('server_name') ?? 'redis';
    const results: Finding[] = [];
    const isNew = Number.parseInt(version, 10) >= oldestVersion;
    results.push(
      isNew ? ok(`${product} ${version}`) : error(`${product} ${version}`, `Use Redis ${oldestVersion} or newer.`),
    );
    if (info.get('role') === 'slave')
      results.push(error('it is a replica, which accepts no writes', 'Use its master.'));
    results.push(...evictionFindings(findings, info));
    const { ms, aheadMs } = await measure(server);
    const latency = `responds in ${ms.toFixed(1)} ms`;
    const limit = `Look-ups wait for ${commandTimeoutMs} ms ("timeout"): use a nearer Redis, or a longer "timeout".`;
    if (ms >= commandTimeoutMs) results.push(error(latency, limit));
    else results.push(ms >= commandTimeoutMs / 2 ? warning(latency, limit) : ok(latency));
    return [...results, clockFinding(subject, aheadMs, null)];
  } catch (fault) {
    const failure = redisFailure(fault);
    const advice = failure === 'forbidden' ? rightsAdvice : adviceOn(failure);
    return [
      error(failure === 'forbidden' ? 'the user may not run "info" or "time"' : connectionWords[failure], advice),
    ];
  }
}

function evictionFindings(
  { ok, warning }: ReturnType<typeof findingsOf>,
  info: ReadonlyMap<string, string>,
): Finding[] {
  const policy = info.get('maxmemory_policy');
  if (policy === undefined) return [];
  const limited = Number(info.get('maxmemory') ?? 0) > 0;
  const advice = 'Set "maxmemory-policy volatile-ttl".';
  if (policy.startsWith('allkeys')) {
    return [
      warning(
        `maxmemory-policy is ${policy}: the log of revocations may be removed, and then replicas discard all results`,
        advice,
      ),
    ];
  }
  if (policy !== 'noeviction') return [ok(`maxmemory-policy is ${policy}`)];
  if (!limited)
    return [
      warning(
        'maxmemory is not set: it may use all memory of its machine',
        'Set "maxmemory", and "maxmemory-policy volatile-ttl".',
      ),
    ];
  return [warning('maxmemory-policy is noeviction: a full Redis accepts no results and no revocations', advice)];
}

function readInfo(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\r\n').flatMap((line) => {
      const colon = line.indexOf(':');
      return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
    }),
  );
}

/** The median of several commands, and the clock of the server by the quickest one. */
async function measure(server: Redis): Promise<{ readonly ms: number; readonly aheadMs: number }> {
  const taken: { ms: number; aheadMs: number }[] = [];
  for (let index = 0; index < samples; index += 1) {
    const from = performance.now();
    const sentAtMs = Date.now();
    const [seconds = '0', micros = '0'] = (await server.call('time')) as string[];
    const ms = performance.now() - from;
    taken.push({ ms, aheadMs: Number(seconds) * 1000 + Number(micros) / 1000 - (sentAtMs + ms / 2) });
  }
  taken.sort((a, b) => a.ms - b.ms);
  return { ms: taken[samples >> 1]!.ms, aheadMs: taken[0]!.aheadMs };
}

const rightsAdvice = 'Grant the user the rights listed in the Redis guide, "A user with the least rights".';

async function checkRights(client: Redis | Cluster, config: RedisConfig, setting: string): Promise<readonly Finding[]> {
  const { ok, error } = findingsOf('redis', setting);
  const { keyPrefix } = config;
  const { commands, keys, channels, others } = await findMissingRights(client, keyPrefix, randomUUID());
  const results = [
    ...(commands.length === 0 ? [] : [error(`the user may not run ${commands.join(', ')}`, rightsAdvice)]),
    ...(keys ? [] : [error(`the user may not use all keys that begin with "${keyPrefix}"`, rightsAdvice)]),
    ...(channels ? [] : [error(`the user may not use all channels that begin with "${keyPrefix}"`, rightsAdvice)]),
    ...(others.length === 0
      ? []
      : [error(`commands failed: ${others.join(', ')}`, 'Read the log of Redis; OOM means that its memory is full.')]),
  ];
  return results.length > 0 ? results : [ok('the user may run every command that is needed')];
}
