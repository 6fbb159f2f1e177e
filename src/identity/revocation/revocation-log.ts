/**
 * Follows the log of revocations from the last read position. A replica that was disconnected finds in it what it missed or, if the log
 * does not reach back far enough, that it may have missed anything.
 */

/** Position in the log, in the form of Redis: milliseconds and a number. */
export type EntryId = string;

export interface LogEntry {
  readonly id: EntryId;
  /** Null: the entry with which a log begins, or one of an unknown form. */
  readonly message: Buffer | null;
  readonly begins: boolean;
}

export interface LogReply {
  /** On the clock of Redis, in milliseconds since the epoch. */
  readonly redisMs: number;
  readonly first: LogEntry;
  readonly last: LogEntry;
  readonly entries: readonly LogEntry[];
}

/** The conclusion from a reply. */
export interface LogStep {
  readonly entries: readonly LogEntry[];
  /** Where to read on. */
  readonly from: EntryId;
  /** More entries can be read now. */
  readonly more: boolean;
  /** `followed`: nothing is missing. `lost`: anything may be. A number: a log that begins, or was truncated, that many milliseconds ago. */
  readonly gap: 'followed' | 'lost' | { readonly beganMsAgo: number };
}

/** Of each log. Null: not a reply of Redis. */
export function readReplies(reply: unknown): readonly LogReply[] | null {
  if (!Array.isArray(reply)) return null;
  const [redisMs, ...logs]: unknown[] = reply;
  if (typeof redisMs !== 'number') return null;
  const read = logs.map((log) => readReply(redisMs, log));
  return read.every((one) => one !== null) ? read : null;
}

function readReply(redisMs: number, log: unknown): LogReply | null {
  if (!Array.isArray(log)) return null;
  const [first, last, entries]: unknown[] = log;
  const begin = readEntry(first);
  const end = readEntry(last);
  if (begin === null || end === null || !Array.isArray(entries)) return null;
  return { redisMs, first: begin, last: end, entries: entries.map(readEntry).filter((entry) => entry !== null) };
}

/**
 * `from`: the last entry that was read, null at first. `connected`: nothing can have been missed since, so a log that was lost with all
 * other data in Redis is just a new one. `windowMs`: how far back the first reading went.
 */
export function follow(
  { redisMs, first, last, entries }: LogReply,
  { from, connected, windowMs, limit }: { from: EntryId | null; connected: boolean; windowMs: number; limit: number },
): LogStep {
  const more = entries.length >= limit;
  const readTo = entries.at(-1)?.id ?? last.id;
  if (from === null) return { entries, from: readTo, more, gap: gapAtFirst(first, redisMs, windowMs) };
  if (entries[0]?.id === from) return { entries: entries.slice(1), from: readTo, more, gap: 'followed' };
  if (connected && first.begins) return { entries: [], from: first.id, more: true, gap: 'followed' };
  return { entries: [], from: last.id, more: false, gap: 'lost' };
}

function gapAtFirst(first: LogEntry, redisMs: number, windowMs: number): LogStep['gap'] {
  const beganMsAgo = redisMs - writtenMs(first);
  return beganMsAgo > windowMs ? 'followed' : { beganMsAgo };
}

/** On the clock of Redis, in milliseconds since the epoch. */
export function writtenMs({ id }: LogEntry): number {
  return Number(id.slice(0, id.indexOf('-')));
}

function readEntry(entry: unknown): LogEntry | null {
  if (!Array.isArray(entry)) return null;
  const [id, fields]: unknown[] = entry;
  if (!Buffer.isBuffer(id) || !Array.isArray(fields)) return null;
  const [name, value]: unknown[] = fields;
  const field = Buffer.isBuffer(name) ? name.toString('latin1') : '';
  return {
    id: id.toString('latin1'),
    message: field === 'm' && Buffer.isBuffer(value) ? value : null,
    begins: field === 'begin',
  };
}
