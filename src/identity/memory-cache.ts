/**
 * Verdicts in the memory of the process, found by the text of the credential itself, so that a warm request hashes
 * nothing. Accepted and rejected ones lie in spaces apart: a flood of made-up tokens can push out other rejections, but
 * never an identity. An entry leaves when it is met past its end, when its time has come, when it is found to be
 * revoked, or when its place is needed.
 */
import type { Credential } from '../core/credential/credential.ts';
import type { Accepted } from '../core/identity/identity.ts';
import { textOf } from './credential-text.ts';
import { DueWheel } from './due-wheel.ts';
import { MemoryEntry, momentOf, type Origin, subjectOf } from './memory-entry.ts';
import { MemorySpace } from './memory-space.ts';
import { nextLookMs, refreshFromMs } from './refresh-time.ts';
import { Tombstones } from './revocation/tombstones.ts';
import { baseFor, type TimeBase } from './time-base.ts';
import { lives, type Verdict, type VerdictStore } from './verdict.ts';

export interface MemoryCacheOptions {
  readonly maxAccepted: number;
  readonly maxRejected: number;
  /** Of both: seven eighths for accepted ones, the rest for rejected ones. */
  readonly maxBytes: number;
  /** How long past its life an accepted verdict is held for an outage. */
  readonly staleOnOutageMs: number;
  /** What was revoked; left out: nothing. */
  readonly tombstones?: Tombstones;
  /** From 0 to 1, so that entries do not come up for their refresh together. */
  readonly random?: () => number;
  readonly onEvict?: (space: 'accepted' | 'rejected') => void;
  readonly onVoid?: () => void;
}

export interface MemorySize {
  readonly accepted: number;
  readonly rejected: number;
  /** Estimated bytes of both. */
  readonly bytes: number;
}

/** An entry past its life, and the answer that it gives. */
export interface StaleEntry {
  readonly entry: MemoryEntry;
  readonly accepted: Accepted;
}

const unknownOrigin: Origin = Object.freeze({ lookups: Object.freeze([]), foreign: false });

export class MemoryCache implements VerdictStore {
  readonly #accepted: MemorySpace;
  readonly #rejected: MemorySpace;
  readonly #staleOnOutageMs: number;
  readonly #tombstones: Tombstones;
  readonly #random: () => number;
  readonly #onVoid: () => void;
  readonly #wheel = new DueWheel<MemoryEntry>();
  #base: TimeBase = { ms: 0 };

  constructor(options: MemoryCacheOptions) {
    const { maxAccepted, maxRejected, maxBytes, staleOnOutageMs, onEvict = () => {}, onVoid = () => {} } = options;
    const rejectedBytes = Math.floor(maxBytes / 8);
    this.#accepted = new MemorySpace(maxAccepted, maxBytes - rejectedBytes, (entry) => {
      this.#wheel.remove(entry);
      onEvict('accepted');
    });
    this.#rejected = new MemorySpace(maxRejected, rejectedBytes, () => onEvict('rejected'));
    this.#staleOnOutageMs = staleOnOutageMs;
    this.#tombstones = options.tombstones ?? new Tombstones({ lifeMs: 0 });
    this.#random = options.random ?? Math.random;
    this.#onVoid = onVoid;
  }

  get size(): MemorySize {
    const [accepted, rejected] = [this.#accepted, this.#rejected];
    return { accepted: accepted.size, rejected: rejected.size, bytes: accepted.bytes + rejected.bytes };
  }

  /** The hot path: a warm hit costs one look-up by text, one comparison of versions and one of times. */
  find(credential: Credential, nowMs: number): MemoryEntry | null {
    const { kind } = credential;
    const text = textOf(credential);
    const accepted = this.#accepted.get(kind, text);
    if (accepted !== undefined && accepted.version === this.#tombstones.version && lives(accepted, nowMs)) {
      return use(accepted);
    }
    return this.#findCarefully(accepted, this.#rejected.get(kind, text), nowMs);
  }

  /**
   * The answer to give while the Auth API is out of reach: an accepted verdict that is past its life by no more than
   * `staleOnOutageMs`, was neither rejected nor revoked since, and whose credential has not ended.
   */
  findStale(credential: Credential, nowMs: number): StaleEntry | null {
    const entry = this.#accepted.get(credential.kind, textOf(credential));
    if (entry === undefined || entry.identity === null) return null;
    if (!this.#stands(entry, this.#accepted) || !this.#mayServe(entry, nowMs)) return null;
    const { identity } = entry;
    return { entry, accepted: { identity, reason: null, stale: true, source: 'memory' } };
  }

  /** A verdict that was asked for later than this one stays, and one that was revoked is not kept. */
  keep(credential: Credential, verdict: Verdict, nowMs: number, origin = unknownOrigin): void {
    const { kind } = credential;
    const text = textOf(credential);
    const accepted = this.#accepted.get(kind, text);
    const rejected = this.#rejected.get(kind, text);
    const held = accepted ?? rejected;
    const moment = momentOf(verdict, origin);
    // A clock that is set back brings no order into what this process asked itself.
    const own = held?.foreign === false && !origin.foreign;
    if (held !== undefined && (own ? held.moment > moment : held.askedAtMs > verdict.askedAtMs)) return;
    if (this.#tombstones.voids(subjectOf(verdict.identity, origin.lookups), moment, origin.foreign)) return;
    if (accepted !== undefined) this.#drop(accepted);
    if (rejected !== undefined) this.#rejected.delete(rejected);
    if (!lives(verdict, nowMs) && !this.#mayServe(verdict, nowMs)) return;
    this.#base = baseFor(nowMs, this.#base);
    const entry = new MemoryEntry(kind, text, verdict, origin, this.#tombstones.version, this.#base);
    if (verdict.identity === null) this.#rejected.set(entry);
    else if (this.#accepted.set(entry)) {
      // What was in use stays in use, whoever asked anew.
      entry.spared = accepted?.spared ?? false;
      this.#wheel.add(entry, refreshFromMs(entry, this.#random()));
    }
  }

  /** Lets an accepted verdict go, which stands in for nothing anymore: the credential was rejected. */
  drop(credential: Credential): void {
    const accepted = this.#accepted.get(credential.kind, textOf(credential));
    if (accepted !== undefined) this.#drop(accepted);
  }

  /** Whether this very entry is still held. */
  holds(entry: MemoryEntry): boolean {
    return this.#accepted.get(entry.kind, entry.text) === entry;
  }

  /**
   * Lets go of entries whose time is over, and gives those to `refresh` that are in use and soon will be. It is given
   * them again a little later, as long as there is time, unless they are replaced.
   */
  advance(nowMs: number, refresh: (entry: MemoryEntry) => void): void {
    this.#wheel.advance(nowMs, (entry) => {
      if (!this.holds(entry)) return;
      if (nowMs >= this.#goneMs(entry)) {
        this.#accepted.delete(entry);
        return;
      }
      this.#wheel.add(entry, nextLookMs(entry, nowMs) ?? this.#goneMs(entry));
      if (entry.used && lives(entry, nowMs)) refresh(entry);
    });
  }

  /** Not warm: there was a revocation since, or the accepted entry is missing or past its life. */
  #findCarefully(
    accepted: MemoryEntry | undefined,
    rejected: MemoryEntry | undefined,
    nowMs: number,
  ): MemoryEntry | null {
    if (accepted !== undefined && this.#stands(accepted, this.#accepted)) {
      if (lives(accepted, nowMs)) return use(accepted);
      if (!this.#mayServe(accepted, nowMs)) this.#drop(accepted);
    }
    if (rejected !== undefined && this.#stands(rejected, this.#rejected)) {
      if (lives(rejected, nowMs)) return use(rejected);
      this.#rejected.delete(rejected);
    }
    return null;
  }

  /** Whether it is not revoked; looked up once for each version of the tombstones, and dropped if it is. */
  #stands(entry: MemoryEntry, space: MemorySpace): boolean {
    const { version } = this.#tombstones;
    if (entry.version === version) return true;
    if (this.#tombstones.voids(subjectOf(entry.identity, entry.lookups), entry.moment, entry.foreign)) {
      if (space === this.#accepted) this.#drop(entry);
      else space.delete(entry);
      this.#onVoid();
      return false;
    }
    entry.version = version;
    return true;
  }

  #drop(entry: MemoryEntry): void {
    this.#accepted.delete(entry);
    this.#wheel.remove(entry);
  }

  /** When an accepted entry is of no use anymore, not even for an outage. */
  #goneMs({ identity, endMs }: Verdict): number {
    return Math.min(endMs + this.#staleOnOutageMs, identity?.expireAtMs ?? endMs);
  }

  #mayServe(verdict: Verdict, nowMs: number): boolean {
    return verdict.identity !== null && verdict.askedAtMs <= nowMs && nowMs < this.#goneMs(verdict);
  }
}

/** Writes only what is not so already: most entries in use need no write. */
function use(entry: MemoryEntry): MemoryEntry {
  if (!entry.used) entry.used = true;
  if (!entry.spared) entry.spared = true;
  return entry;
}
