/**
 * Decision records of all replicas in one stream of Redis, bounded in number and size. Each is encrypted and authenticated (AES-256-GCM)
 * under a key derived from `cache.secret`: reading Redis reveals only ids of requests, and writing to it cannot add a record.
 */
import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { openText, sealText } from '../../http-base/sealed-text.ts';
import type { RedisLink } from '../../redis/redis-link.ts';
import { type DecisionFilter, fits, type KeptDecision } from './recent-decisions.ts';

export interface SharedDecisionsOptions {
  readonly link: Pick<RedisLink, 'run'>;
  readonly keyPrefix: string;
  readonly secret: string;
  readonly previousSecrets: readonly string[];
  readonly most: number;
  readonly keepMs: number;
}

/** Of one record, encrypted; longer ones are shortened. */
const mostBytes = 4096;
const mostWritesInFlight = 256;
/** Entries per read. */
const pageSize = 500;
const context = 'rolegate decision 1';

export class SharedDecisions {
  readonly #options: SharedDecisionsOptions;
  readonly #name: string;
  /** The current one first. */
  readonly #keys: readonly [KeyObject, ...KeyObject[]];
  #writing = 0;

  constructor(options: SharedDecisionsOptions) {
    this.#options = options;
    this.#name = `${options.keyPrefix}decisions`;
    this.#keys = [deriveKey(options.secret), ...options.previousSecrets.map(deriveKey)];
  }

  /** False: it is not shared, because Redis is slow, or did not take it. A record that is too long is shared as `shorten` leaves it. */
  async add(record: KeptDecision, shorten: (record: KeptDecision) => KeptDecision): Promise<boolean> {
    if (this.#writing >= mostWritesInFlight) return false;
    let sealed = this.#seal(record);
    if (sealed.length > mostBytes) sealed = this.#seal(shorten(record));
    if (sealed.length > mostBytes) return false;
    const { link, most, keepMs } = this.#options;
    this.#writing += 1;
    try {
      const ids = ['e', record.errorId ?? '', 'q', record.requestId];
      await link.run((client) => client.xadd(this.#name, 'MAXLEN', '~', most, '*', ...ids, 'r', sealed));
      await link.run((client) => client.pexpire(this.#name, keepMs));
      return true;
    } catch {
      return false;
    } finally {
      this.#writing -= 1;
    }
  }

  /** Null: not found. Rejects if Redis does not respond. */
  async find(id: string, nowMs: number): Promise<KeptDecision | null> {
    for await (const { ids, sealed } of this.#newestFirst(nowMs)) {
      const record = ids.includes(id) ? this.#open(sealed) : null;
      if (record !== null) return record;
    }
    return null;
  }

  /** Newest first. Rejects if Redis does not respond. */
  async list(filter: DecisionFilter, most: number, nowMs: number): Promise<readonly KeptDecision[]> {
    const found: KeptDecision[] = [];
    for await (const { sealed } of this.#newestFirst(nowMs)) {
      const record = this.#open(sealed);
      if (record !== null && fits(record, filter)) found.push(record);
      if (found.length >= most) break;
    }
    return found;
  }

  async *#newestFirst(nowMs: number): AsyncGenerator<{ readonly ids: readonly string[]; readonly sealed: Buffer }> {
    const { link, keepMs } = this.#options;
    const oldest = String(nowMs - keepMs);
    let upTo = '+';
    for (;;) {
      const last = upTo;
      const page = await link.run((client) => client.xrevrangeBuffer(this.#name, last, oldest, 'COUNT', pageSize));
      for (const [, fields] of page) {
        const [, errorId, , requestId, , sealed] = fields;
        if (sealed !== undefined) yield { ids: [String(errorId), String(requestId)], sealed };
      }
      if (page.length < pageSize) return;
      upTo = `(${page.at(-1)![0].toString()}`;
    }
  }

  #seal(record: KeptDecision): Buffer {
    return sealText(JSON.stringify(record), this.#keys[0], context);
  }

  /** Null for what was not sealed under one of the secrets. */
  #open(sealed: Buffer): KeptDecision | null {
    for (const key of this.#keys) {
      const text = openText(sealed, key, context, mostBytes);
      if (text !== null) return JSON.parse(text) as KeptDecision;
    }
    return null;
  }
}

/** By HKDF (RFC 5869), separate from every other use of the secret. */
function deriveKey(secret: string): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', secret, '', 'rolegate decision records', 32)));
}
