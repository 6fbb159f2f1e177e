/**
 * Verdicts in the memory of the process, so that a warm request hashes nothing. Accepted and rejected ones are bounded
 * apart: a flood of made-up tokens can evict other rejections, but never an identity. An entry leaves when it is met past
 * its end, when its time has come, when it is found to be revoked, or when it is evicted.
 */
import type { Credential } from '../../core/credential/credential.ts';
import type { Accepted } from '../../core/identity/identity.ts';
import { Tombstones } from '../revocation/tombstones.ts';
import { lives, type Verdict, type VerdictStore } from '../verdict.ts';
import { DueTimes, nextLookMs, refreshFromMs } from './due-times.ts';
import { entryBytes } from './entry-bytes.ts';
import { entryOf, type MemoryEntry, subjectOf, unknownOrigin } from './memory-entry.ts';
import { SieveMap } from './sieve-map.ts';

export interface MemoryCacheOptions {
  readonly maxAccepted: number;
  readonly maxRejected: number;
  /** Of both: seven eighths for accepted ones, the rest for rejected ones. */
  readonly maxBytes: number;
  /** How long past its life an accepted verdict is held for an outage. */
  readonly staleOnOutageMs: number;
  /** What was revoked; if unset, nothing. */
  readonly tombstones?: Tombstones;
  /** From 0 to 1, so that entries do not come up for their refresh together. */
  readonly random?: () => number;
  readonly onEvict?: (space: 'accepted' | 'rejected') => void;
  readonly onRevoked?: () => void;
}

export interface MemorySize {
  readonly accepted: number;
  readonly rejected: number;
  /** Estimated bytes of both. */
  readonly bytes: number;
}

/** An entry past its life, and the result that it gives. */
export interface StaleEntry {
  readonly entry: MemoryEntry;
  readonly accepted: Accepted;
}

export class MemoryCache implements VerdictStore {
  readonly #accepted: SieveMap<MemoryEntry>;
  readonly #rejected: SieveMap<MemoryEntry>;
  readonly #staleOnOutageMs: number;
  readonly #tombstones: Tombstones;
  readonly #random: () => number;
  readonly #onRevoked: () => void;
  readonly #due = new DueTimes<MemoryEntry>();

  constructor(options: MemoryCacheOptions) {
    const { maxAccepted, maxRejected, maxBytes, staleOnOutageMs, onEvict = () => {}, onRevoked = () => {} } = options;
    const rejectedBytes = Math.floor(maxBytes / 8);
    this.#accepted = new SieveMap(maxAccepted, maxBytes - rejectedBytes, (entry) => {
      this.#due.remove(entry);
      onEvict('accepted');
    });
    this.#rejected = new SieveMap(maxRejected, rejectedBytes, () => onEvict('rejected'));
    this.#staleOnOutageMs = staleOnOutageMs;
    this.#tombstones = options.tombstones ?? new Tombstones({ lifeMs: 0 });
    this.#random = options.random ?? Math.random;
    this.#onRevoked = onRevoked;
  }

  get size(): MemorySize {
    const [accepted, rejected] = [this.#accepted, this.#rejected];
    return { accepted: accepted.size, rejected: rejected.size, bytes: accepted.bytes + rejected.bytes };
  }

  find(credential: Credential, nowMs: number): MemoryEntry | null {
    const key = memoryKey(credential);
    const accepted = this.#accepted.get(key);
    if (accepted !== undefined && this.#holdsGood(accepted)) {
      if (lives(accepted, nowMs)) return use(accepted);
      if (!this.#mayServe(accepted, nowMs)) this.#drop(accepted);
    }
    const rejected = this.#rejected.get(key);
    if (rejected !== undefined && this.#holdsGood(rejected)) {
      if (lives(rejected, nowMs)) return use(rejected);
      this.#drop(rejected);
    }
    return null;
  }

  /**
   * The result to give while the Auth API is out of reach: an accepted verdict that is past its life by no more than
   * `staleOnOutageMs`, was neither rejected nor revoked since, and whose credential has not ended.
   */
  findStale(credential: Credential, nowMs: number): StaleEntry | null {
    const entry = this.#accepted.peek(memoryKey(credential));
    if (entry === undefined || entry.identity === null) return null;
    if (!this.#holdsGood(entry) || !this.#mayServe(entry, nowMs)) return null;
    return { entry, accepted: { identity: entry.identity, reason: null, stale: true, source: 'memory' } };
  }

  /** A verdict that was asked for later than this one stays, and one that was revoked is not kept. */
  keep(credential: Credential, verdict: Verdict, nowMs: number, origin = unknownOrigin): void {
    const { lookups, foreign, moment = verdict.askedAtMs } = origin;
    const key = memoryKey(credential);
    const accepted = this.#accepted.peek(key);
    const rejected = this.#rejected.peek(key);
    const held = accepted ?? rejected;
    // A clock that is set back brings no order into what this process asked itself.
    const own = held?.foreign === false && !foreign;
    if (held !== undefined && (own ? held.moment > moment : held.askedAtMs > verdict.askedAtMs)) return;
    if (this.#tombstones.revokes(subjectOf(verdict.identity, lookups), moment, foreign)) return;
    const { identity } = verdict;
    const isKept = lives(verdict, nowMs) || this.#mayServe(verdict, nowMs);
    if (rejected !== undefined && (identity !== null || !isKept)) this.#drop(rejected);
    if (accepted !== undefined && (identity === null || !isKept)) this.#drop(accepted);
    if (!isKept) return;
    const entry = entryOf(key, verdict, { lookups, foreign, moment }, this.#tombstones.changes.count);
    const bytes = entryBytes(key, lookups, identity);
    if (identity === null) {
      this.#rejected.set(key, entry, bytes);
      return;
    }
    if (accepted !== undefined) this.#due.remove(accepted);
    if (this.#accepted.set(key, entry, bytes)) this.#due.add(entry, refreshFromMs(entry, this.#random()));
  }

  /** Drops an accepted verdict, which stands in for nothing any more: the credential was rejected. */
  drop(credential: Credential): void {
    const accepted = this.#accepted.peek(memoryKey(credential));
    if (accepted !== undefined) this.#drop(accepted);
  }

  /** Drops all, as when nothing is known of how old they are. */
  clear(): void {
    this.#accepted.clear();
    this.#rejected.clear();
    this.#due.clear();
  }

  /** Whether this very entry is still held. */
  holds(entry: MemoryEntry): boolean {
    return this.#accepted.peek(entry.key) === entry;
  }

  /**
   * Drops entries whose time is over, and gives those to `refresh` that are in use and soon will be. It is given them
   * again a little later, as long as there is time, unless they are replaced.
   */
  advance(nowMs: number, refresh: (entry: MemoryEntry) => void): void {
    this.#due.advance(nowMs, (entry) => {
      if (!this.holds(entry)) return;
      if (nowMs >= this.#goneMs(entry)) {
        this.#drop(entry);
        return;
      }
      this.#due.add(entry, nextLookMs(entry, nowMs) ?? this.#goneMs(entry));
      if (entry.used && lives(entry, nowMs)) refresh(entry);
    });
  }

  /** Whether it is not revoked; looked up once for each version of the tombstones, and dropped if it is. */
  #holdsGood(entry: MemoryEntry): boolean {
    const { count } = this.#tombstones.changes;
    if (entry.version === count) return true;
    if (this.#tombstones.revokes(subjectOf(entry.identity, entry.lookups), entry.moment, entry.foreign)) {
      this.#drop(entry);
      this.#onRevoked();
      return false;
    }
    entry.version = count;
    return true;
  }

  #drop(entry: MemoryEntry): void {
    this.#due.remove(entry);
    (entry.identity === null ? this.#rejected : this.#accepted).delete(entry.key);
  }

  /** When an accepted entry is of no use any more, not even for an outage. */
  #goneMs({ identity, endMs }: Verdict): number {
    return Math.min(endMs + this.#staleOnOutageMs, identity?.expireAtMs ?? endMs);
  }

  #mayServe(verdict: Verdict, nowMs: number): boolean {
    return verdict.identity !== null && verdict.askedAtMs <= nowMs && nowMs < this.#goneMs(verdict);
  }
}

function use(entry: MemoryEntry): MemoryEntry {
  entry.used = true;
  return entry;
}

/**
 * The key in memory, where a hash for each request would cost more than the look-up; never logged, never sent. Unambiguous:
 * the kind comes first, and the length keeps pairs apart that differ only in where the key ends. Without them, `ab` + `c`
 * and `a` + `bc` would share a verdict (CVE-2021-32701). As a new text, it also does not keep the whole head of the
 * request in memory, of which the credential is a part.
 */
export function memoryKey(credential: Credential): string {
  if (credential.kind === 'bearer') return `bearer:${credential.token}`;
  if (credential.kind === 'api_key') return `api_key:${credential.key}`;
  return `key_pair:${credential.apiKey.length}:${credential.apiKey}${credential.apiSecret}`;
}

const pair = /^key_pair:(\d+):/;

/** The credential with this key. */
export function credentialOf(key: string): Credential {
  if (key.startsWith('api_key:')) return { kind: 'api_key', key: key.slice('api_key:'.length) };
  const [head, length] = pair.exec(key) ?? [];
  if (head === undefined) return { kind: 'bearer', token: key.slice('bearer:'.length) };
  const keyEnd = head.length + Number(length);
  return { kind: 'key_pair', apiKey: key.slice(head.length, keyEnd), apiSecret: key.slice(keyEnd) };
}
