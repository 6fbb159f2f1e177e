/**
 * Decision records of all replicas in Redis, one stream per reason, bounded in number and size: a flood of one reason removes only its own
 * records. Each is encrypted and authenticated (AES-256-GCM) under a key derived from `cache.secret`: reading Redis reveals only ids and
 * reasons, and writing to it cannot add a record.
 */
import type { KeyObject } from 'node:crypto';
import type { RedisLink } from '../../redis/redis-link.ts';
import { deriveKey } from '../../sealing/derive-key.ts';
import { openText, sealText } from '../../sealing/sealed-text.ts';
import type { EvictionEvents } from '../metrics/decision-metrics.ts';
import { recordedReasons } from '../request-record.ts';
import { fairLength } from './fair-length.ts';
import { byErrorIdFirst, type DecisionFilter, fits, type KeptDecision, newest } from './recent-decisions.ts';

export interface SharedDecisionsOptions {
  readonly link: Pick<RedisLink, 'run'>;
  readonly keyPrefix: string;
  readonly secret: string;
  readonly previousSecrets: readonly string[];
  readonly most: number;
  readonly keepMs: number;
  readonly evicted: EvictionEvents['evicted'];
}

/** Of one record, encrypted; longer ones are shortened. */
const maxBytes = 4096;
const maxWritesInFlight = 256;
/** Entries per read. */
const pageSize = 500;
const context = 'rolegate decision 1';
const allowed = 'allowed';
const everyReason: readonly string[] = [...Object.keys(recordedReasons), allowed];

interface Entry {
  readonly ids: readonly string[];
  readonly sealed: Buffer;
}

export class SharedDecisions {
  readonly #options: SharedDecisionsOptions;
  /** The current one first. */
  readonly #keys: readonly [KeyObject, ...KeyObject[]];
  /** Records of this process between two cuts. */
  readonly #cutAfter: number;
  #writing = 0;
  #untilCut = 1;

  constructor(options: SharedDecisionsOptions) {
    this.#options = options;
    const keyOf = (secret: string) => deriveKey(secret, 'rolegate decision records');
    this.#keys = [keyOf(options.secret), ...options.previousSecrets.map(keyOf)];
    this.#cutAfter = Math.ceil(options.most / 50);
  }

  /** False: it is not shared, because Redis is slow, or did not take it. A record that is too long is shared as `shorten` leaves it. */
  async add(record: KeptDecision, shorten: (record: KeptDecision) => KeptDecision): Promise<boolean> {
    if (this.#writing >= maxWritesInFlight) return false;
    let sealed = this.#seal(record);
    if (sealed.length > maxBytes) sealed = this.#seal(shorten(record));
    if (sealed.length > maxBytes) return false;
    const { link, keepMs } = this.#options;
    const name = this.#nameOf(record.reason ?? allowed);
    this.#writing += 1;
    try {
      await link.run((client) => client.xadd(name, '*', 'e', record.errorId ?? '', 'q', record.requestId, 'r', sealed));
      await link.run((client) => client.pexpire(name, keepMs));
      this.#untilCut -= 1;
      if (this.#untilCut === 0) await this.#cut(record.atMs);
      return true;
    } catch {
      return false;
    } finally {
      if (this.#untilCut <= 0) this.#untilCut = this.#cutAfter;
      this.#writing -= 1;
    }
  }

  /** Null: not found. Rejects if Redis does not respond. */
  async find(id: string, nowMs: number): Promise<KeptDecision | null> {
    const results = await Promise.all((await this.#lengths()).map(({ name }) => this.#findIn(name, id, nowMs)));
    const all = results.flatMap((one) => one ?? []);
    return byErrorIdFirst(id, newest(all, all.length));
  }

  /** Newest first. Rejects if Redis does not respond. */
  async list(filter: DecisionFilter, most: number, nowMs: number): Promise<readonly KeptDecision[]> {
    const lists = (await this.#lengths()).filter(({ reason }) => [undefined, reason].includes(filter.reason));
    const results = await Promise.all(lists.map(({ name }) => this.#listIn(name, filter, most, nowMs)));
    return newest(results.flat(), most);
  }

  /** The one with this error id, or the newest one with this request id. */
  async #findIn(name: string, id: string, nowMs: number): Promise<KeptDecision | null> {
    let byRequestId: KeptDecision | null = null;
    for await (const { ids, sealed } of this.#newestFirst(name, nowMs)) {
      const record = ids.includes(id) ? this.#open(sealed) : null;
      if (record?.errorId === id) return record;
      byRequestId ??= record;
    }
    return byRequestId;
  }

  async #listIn(name: string, filter: DecisionFilter, most: number, nowMs: number): Promise<readonly KeptDecision[]> {
    const matches: KeptDecision[] = [];
    for await (const { sealed } of this.#newestFirst(name, nowMs)) {
      const record = this.#open(sealed);
      if (record !== null && fits(record, filter)) matches.unshift(record);
      if (matches.length >= most) break;
    }
    return matches;
  }

  /** Of the streams that exist. */
  async #lengths(): Promise<readonly { readonly reason: string; readonly name: string; readonly length: number }[]> {
    const { link } = this.#options;
    const all = everyReason.map(async (reason) => {
      const name = this.#nameOf(reason);
      return { reason, name, length: await link.run((client) => client.xlen(name)) };
    });
    return (await Promise.all(all)).filter(({ length }) => length > 0);
  }

  /** The age of what was removed is that of the oldest record that stays. */
  async #cut(nowMs: number): Promise<void> {
    const { link, most, keepMs, evicted } = this.#options;
    const streams = await this.#lengths();
    const length = fairLength(
      streams.map((one) => one.length),
      most,
    );
    for (const { name, length: had } of streams) {
      await link.run((client) => client.xtrim(name, 'MINID', '~', nowMs - keepMs));
      if (had <= length) continue;
      const removed = await link.run((client) => client.xtrim(name, 'MAXLEN', '~', length));
      const [oldest] = await link.run((client) => client.xrange(name, '-', '+', 'COUNT', 1));
      if (removed > 0) evicted('redis', removed, nowMs - Number(oldest?.[0].split('-')[0] ?? nowMs));
    }
  }

  async *#newestFirst(name: string, nowMs: number): AsyncGenerator<Entry> {
    const { link, keepMs } = this.#options;
    const oldest = String(nowMs - keepMs);
    let upTo = '+';
    for (;;) {
      const last = upTo;
      const page = await link.run((client) => client.xrevrangeBuffer(name, last, oldest, 'COUNT', pageSize));
      for (const [, fields] of page) {
        const [, errorId, , requestId, , sealed] = fields;
        if (sealed !== undefined) yield { ids: [String(errorId), String(requestId)], sealed };
      }
      if (page.length < pageSize) return;
      upTo = `(${page.at(-1)![0].toString()}`;
    }
  }

  #nameOf(reason: string): string {
    return `${this.#options.keyPrefix}decisions:${reason}`;
  }

  #seal(record: KeptDecision): Buffer {
    return sealText(JSON.stringify(record), this.#keys[0], context);
  }

  /** Null for what was not sealed under one of the secrets. */
  #open(sealed: Buffer): KeptDecision | null {
    for (const key of this.#keys) {
      const text = openText(sealed, key, context, maxBytes);
      if (text !== null) return JSON.parse(text) as KeptDecision;
    }
    return null;
  }
}
