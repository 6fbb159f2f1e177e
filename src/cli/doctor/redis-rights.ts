/**
 * The commands of Redis that the gateway needs, tried one by one on keys that expire: an ACL user may not be allowed to query its own
 * permissions.
 */
import type { RedisClient } from '../../redis/redis-link.ts';

/** Life of the keys, in case the command that deletes them is not allowed. */
const lifeMs = 10_000;

/** Ordered so that each finds the data it needs. `{...}`: all keys are on one node of a Cluster. */
function commandsFor(keyPrefix: string, id: string): readonly (readonly [name: string, ...rest: string[]])[] {
  const key = (name: string) => `${keyPrefix}{doctor:${id}}:${name}`;
  const [text, count, set, hash] = [key('text'), key('count'), key('set'), key('hash')];
  const [sorted, stream] = [key('sorted'), key('stream')];
  const life = String(lifeMs);
  return [
    ['set', text, '1', 'PX', life],
    ['get', text],
    ['getrange', text, '0', '-1'],
    ['exists', text],
    ['pexpire', text, life],
    ['pttl', text],
    ['incrby', count, '1'],
    ['expire', count, String(lifeMs / 1000)],
    ['sadd', set, 'a'],
    ['smembers', set],
    ['hset', hash, 'a', '1'],
    ['hget', hash, 'a'],
    ['hmget', hash, 'a'],
    ['zadd', sorted, '1', 'a'],
    ['zcard', sorted],
    ['zscore', sorted, 'a'],
    ['zrange', sorted, '0', '0'],
    ['zrangebyscore', sorted, '-inf', '+inf'],
    ['zremrangebyscore', sorted, '-inf', '0'],
    ['zrem', sorted, 'a'],
    ['xadd', stream, '*', 'a', '1'],
    ['xlen', stream],
    ['xrange', stream, '-', '+'],
    ['xrevrange', stream, '+', '-'],
    ['xtrim', stream, 'MAXLEN', '1'],
    ['pexpire', set, life],
    ['pexpire', hash, life],
    ['pexpire', stream, life],
    ['eval', 'return 1', '1', text],
    ['evalsha', sha1OfReturn1, '1', text],
    ['publish', `${keyPrefix}doctor:${id}`, '1'],
    ['del', text, count, set, hash, sorted, stream],
    // The last one: after it, the connection accepts no other command.
    ['subscribe', `${keyPrefix}doctor:${id}`],
  ];
}

const sha1OfReturn1 = 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db';

/** The commands that are tried, each once. */
export const triedCommands: readonly string[] = [...new Set(commandsFor('', '').map(([name]) => name))];

export interface MissingRights {
  /** Names of commands that the user may not run. */
  readonly commands: readonly string[];
  /** Whether it may use keys under the prefix. */
  readonly keys: boolean;
  readonly channels: boolean;
  /** Other failures, as the first words of replies, such as `OOM`. */
  readonly others: readonly string[];
}

/** `id`: of this run, so that concurrent runs do not interfere. */
export async function findMissingRights(client: RedisClient, keyPrefix: string, id: string): Promise<MissingRights> {
  const commands = new Set<string>();
  const others = new Set<string>();
  let keys = true;
  let channels = true;
  for (const [name, ...rest] of commandsFor(keyPrefix, id)) {
    try {
      await client.call(name, ...rest);
    } catch (error) {
      const text = error instanceof Error ? error.message : '';
      if (text.startsWith('NOSCRIPT')) continue;
      if (!text.startsWith('NOPERM')) others.add(/^[A-Z]{2,}(?= )/.exec(text)?.[0] ?? 'no reply');
      else if (/ channels?\b/.test(text)) channels = false;
      else if (/ keys?\b/.test(text)) keys = false;
      else commands.add(name);
    }
  }
  return { commands: [...commands], keys, channels, others: [...others] };
}
