/** Everything that a Redis contains, and everything that was ever sent to it, as bytes to search. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Redis } from 'ioredis';

/** Keys and values of all types, one after the other, unchanged. */
export async function contentsOf(redis: Redis): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (const key of await allKeys(redis)) {
    parts.push(Buffer.from(key), ...flatten(await readValue(redis, key)));
  }
  // Parts stay separate, so nothing is found that only two of them form together.
  return Buffer.concat(parts.flatMap((part) => [part, Buffer.from([0x0a])]));
}

export async function allKeys(redis: Redis, prefix = ''): Promise<string[]> {
  const keys = new Set<string>();
  let cursor = '0';
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 1000);
    for (const key of found) keys.add(key);
    cursor = next;
  } while (cursor !== '0');
  return [...keys];
}

async function readValue(redis: Redis, key: string): Promise<unknown> {
  const kind = await redis.type(key);
  switch (kind) {
    case 'string':
      return redis.getBuffer(key);
    case 'hash':
      return redis.callBuffer('HGETALL', key);
    case 'set':
      return redis.smembersBuffer(key);
    case 'zset':
      return redis.callBuffer('ZRANGE', key, 0, -1, 'WITHSCORES');
    case 'list':
      return redis.lrangeBuffer(key, 0, -1);
    case 'stream':
      return redis.callBuffer('XRANGE', key, '-', '+');
    case 'none':
      return null;
    default:
      throw new Error(`a kind of value that is not searched: ${kind}`);
  }
}

function flatten(value: unknown): Buffer[] {
  if (Buffer.isBuffer(value)) return [value];
  if (Array.isArray(value)) return value.flatMap(flatten);
  return value === null ? [] : [Buffer.from(String(value))];
}

export interface Overheard {
  /** Every command so far with its arguments, including scripts' own commands and messages. */
  bytes(): Buffer;
  stop(): void;
}

/** Observes every command with MONITOR. */
export async function overhear(redisUrl: string): Promise<Overheard> {
  const { hostname, port } = new URL(redisUrl);
  const socket = connect({ host: hostname, port: Number(port) });
  const chunks: Buffer[] = [];
  socket.write('MONITOR\r\n');
  await once(socket, 'data');
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { bytes: () => unescaped(Buffer.concat(chunks)), stop: () => socket.destroy() };
}

/** MONITOR writes bytes beyond ASCII as `\xNN`, and a few as in C. */
function unescaped(escaped: Buffer): Buffer {
  const special: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' };
  const text = escaped
    .toString('latin1')
    .replace(/\\(?:x([0-9a-f]{2})|(.))/gs, (_, hex?: string, one = '') =>
      hex === undefined ? (special[one] ?? one) : String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return Buffer.from(text, 'latin1');
}
