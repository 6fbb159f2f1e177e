/** Whether the results in Redis, which all replicas write, were written with the settings of this configuration. */
import { setImmediate } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import { sourcesOf } from '../../app/create-runtime.ts';
import type { Config } from '../../config/config.ts';
import { deriveCacheKeys } from '../../identity/cache/cache-key.ts';
import { isAuthentic, maxEntryBytes } from '../../identity/cache/redis-entry.ts';
import { entryKey } from '../../identity/cache/redis-keys.ts';
import { verdictRules } from '../../identity/cache/verdict-rules.ts';
import { type Finding, findingsOf } from './check.ts';

/** Number of results that are compared. */
const most = 200;
/** Keys that are seen for them. */
const maxSeen = 20_000;

export async function sharedResultFindings(client: Redis | Cluster, config: Config): Promise<readonly Finding[]> {
  const { redis, secret, previousSecrets } = config.cache;
  if (redis === null || secret === null) return [];
  const { ok, warning } = findingsOf('redis', 'cache.secret');
  const sources = sourcesOf(config, config.authApi?.kind === 'remote' ? config.authApi : null);
  const keys = sources.list.flatMap(({ name }) => {
    const { entry, previous } = deriveCacheKeys(secret, previousSecrets, verdictRules(name, sources));
    return [entry, ...previous.map((one) => one.entry)];
  });
  let lookups: readonly string[];
  try {
    lookups = await sampleOf(client, redis.keyPrefix);
  } catch {
    return [ok('results of other replicas were not compared: the user may not run "scan"')];
  }
  let own = 0;
  let others = 0;
  for (const lookup of lookups) {
    const bytes = await client.getrangeBuffer(entryKey(redis.keyPrefix, lookup), 0, maxEntryBytes);
    // It may have ended in between.
    if (bytes.length === 0) continue;
    if (keys.some((key) => isAuthentic(bytes, lookup, key))) own += 1;
    else others += 1;
    await setImmediate();
  }
  if (own + others === 0) return [];
  if (others === 0) return [ok(`${own} results in Redis were written with it`)];
  return [
    warning(
      `${others} of ${own + others} results in Redis were written with another "cache.secret", or other settings of sources`,
      'Give all replicas the same secret and sources: others cannot use their results, records and revocations. After a change, such results remain until they expire.',
    ),
  ];
}

/** The names of some results. */
async function sampleOf(client: Redis | Cluster, keyPrefix: string): Promise<readonly string[]> {
  const escaped = keyPrefix.replaceAll(/[*?[\]\\]/g, '\\$&');
  const pattern = `${escaped}verdict:{*}`;
  const sample = new Set<string>();
  for (const master of 'nodes' in client ? client.nodes('master') : [client]) {
    let cursor = '0';
    for (let seen = 0; seen < maxSeen && sample.size < most; seen += 500) {
      const [next, names] = await master.scan(cursor, 'MATCH', pattern, 'COUNT', 500);
      for (const name of names) sample.add(name.slice(name.lastIndexOf('{') + 1, -1));
      cursor = next;
      if (cursor === '0') break;
    }
  }
  return [...sample].slice(0, most);
}
