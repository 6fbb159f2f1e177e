/**
 * Verdicts in the memory of the process, so that a warm request hashes nothing. Accepted and rejected ones have separate bounds: a flood of
 * made-up tokens can evict other rejections, but never an identity. An entry is removed when it has expired, is found to be revoked, or is
 * evicted.
 */
import type { Credential } from '../../core/credential/credential.ts';
import { Tombstones } from '../revocation/tombstones.ts';
import { lives, type Verdict, type VerdictStore } from '../verdict.ts';
import { DueTimes, nextLookMs, refreshFromMs } from './due-times.ts';
import { entryBytes } from './entry-bytes.ts';
import { entryOf, type MemoryEntry, type StaleEntry, subjectOf, unknownOrigin } from './memory-entry.ts';
import { SieveMap } from './sieve-map.ts';

export interface MemoryCacheOptions {
  readonly maxAccepted: number;
  readonly maxRejected: number;
  /** For both: seven eighths for accepted ones, the rest for rejected ones. */
  readonly maxBytes: number;
  /** How long after its expiry an accepted verdict is kept for an outage. */
  readonly staleOnOutageMs: number;
  /** Revocations; if unset, none. */
  readonly tombstones?: Tombstones;
  /** From 0 to 1, so that entries are not refreshed together. */
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
   * The result while the Auth API is unreachable: an accepted verdict that expired no more than `staleOnOutageMs` ago, was neither rejected
   * nor revoked since, and whose credential has not expired.
   */
  findStale(credential: Credential, nowMs: number): StaleEntry | null {
    const entry = this.#accepted.peek(memoryKey(credential));
    if (entry === undefined || entry.identity === null) return null;
    if (!this.#holdsGood(entry) || !this.#mayServe(entry, nowMs)) return null;
    return { entry, accepted: { identity: entry.identity, reason: null, stale: true, source: 'memory' } };
  }

  /** A verdict of a later call stays, and a revoked one is not kept. */
  keep(credential: Credential, verdict: Verdict, nowMs: number, origin = unknownOrigin): void {
    const { lookups, foreign, moment = verdict.askedAtMs } = origin;
    const key = memoryKey(credential);
    const accepted = this.#accepted.peek(key);
    const rejected = this.#rejected.peek(key);
    const previous = accepted ?? rejected;
    // If the clock was set back, it does not order this process's own calls.
    const own = previous?.foreign === false && !foreign;
    if (previous !== undefined && (own ? previous.moment > moment : previous.askedAtMs > verdict.askedAtMs)) return;
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

  /** Drops an accepted verdict, which can no longer be used in an outage: the credential was rejected. */
  drop(credential: Credential): void {
    const accepted = this.#accepted.peek(memoryKey(credential));
    if (accepted !== undefined) this.#drop(accepted);
  }

  /** Drops all, for example if their age is unknown. */
  clear(): void {
    this.#accepted.clear();
    this.#rejected.clear();
    this.#due.clear();
  }

  /** Whether the cache still contains exactly this entry. */
  holds(entry: MemoryEntry): boolean {
    return this.#accepted.peek(entry.key) === entry;
  }

  /**
   * Drops expired entries, and calls `refresh` for those in use that expire soon. Unless they are replaced, it is called again a little
   * later, while there is time.
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

  /** Whether it is not revoked; checked once per version of the tombstones. A revoked entry is dropped. */
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

  /** When an accepted entry is no longer of use, not even in an outage. */
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
 * The key in memory, where a hash per request would cost more than the look-up; never logged, never sent. It is unambiguous: the kind comes
 * first, and the length separates pairs that differ only in where the key ends. Without them, `ab` + `c` and `a` + `bc` would share a
 * verdict (CVE-2021-32701). As a new string, it does not keep the whole request head in memory, of which the credential is a slice.
 */
export function memoryKey(credential: Credential): string {
  if (credential.kind === 'bearer') return `bearer:${credential.token}`;
  if (credential.kind === 'apiKey') return `apiKey:${credential.key}`;
  if (credential.kind === 'session') return `session:${credential.id}`;
  if (credential.kind === 'certificate') return `certificate:${credential.fingerprint}:${credential.der}`;
  return `keyPair:${credential.apiKey.length}:${credential.apiKey}${credential.apiSecret}`;
}

const pair = /^keyPair:(\d+):/;

/** The credential with this key. */
export function credentialOf(key: string): Credential {
  if (key.startsWith('apiKey:')) return { kind: 'apiKey', key: key.slice('apiKey:'.length) };
  if (key.startsWith('certificate:')) {
    const [, fingerprint = '', der = ''] = key.split(':');
    return { kind: 'certificate', fingerprint, der };
  }
  if (key.startsWith('session:')) return { kind: 'session', id: key.slice('session:'.length) };
  const [head, length] = pair.exec(key) ?? [];
  if (head === undefined) return { kind: 'bearer', token: key.slice('bearer:'.length) };
  const keyEnd = head.length + Number(length);
  return { kind: 'keyPair', apiKey: key.slice(head.length, keyEnd), apiSecret: key.slice(keyEnd) };
}
