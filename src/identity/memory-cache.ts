/**
 * Verdicts in the memory of the process, found by the text of the credential itself, so that a warm request hashes
 * nothing. Accepted and rejected ones lie in spaces apart: a flood of made-up tokens can push out other rejections, but
 * never an identity. No timers: an entry past its end is dropped when it is met, or when its place is needed.
 */
import type { Credential } from '../core/credential/credential.ts';
import type { Accepted, Resolution } from '../core/identity/identity.ts';
import { BoundedMap } from './bounded-map.ts';
import { textOf } from './credential-text.ts';
import { lives, type Verdict, type VerdictStore } from './verdict.ts';

export interface MemoryCacheOptions {
  readonly maxAccepted: number;
  readonly maxRejected: number;
  /** How long past its life an accepted verdict is held for an outage. */
  readonly staleOnOutageMs: number;
}

/** A verdict with the answer that a hit returns, made once. */
export interface MemoryEntry extends Verdict {
  readonly resolution: Resolution;
  readonly weight: number;
}

/** Characters that an entry may weigh on average; with long tokens fewer entries fit than the limit says. */
const averageWeight = 1024;

const rejection: Resolution = Object.freeze({
  identity: null,
  reason: 'credential_rejected',
  retryAfterS: null,
  source: 'memory',
});

export class MemoryCache implements VerdictStore {
  readonly #accepted: Space;
  readonly #rejected: Space;
  readonly #staleOnOutageMs: number;

  constructor({ maxAccepted, maxRejected, staleOnOutageMs }: MemoryCacheOptions) {
    this.#accepted = new Space(maxAccepted);
    this.#rejected = new Space(maxRejected);
    this.#staleOnOutageMs = staleOnOutageMs;
  }

  get size(): { readonly accepted: number; readonly rejected: number } {
    return { accepted: this.#accepted.size, rejected: this.#rejected.size };
  }

  find(credential: Credential, nowMs: number): MemoryEntry | null {
    const key = textOf(credential);
    const accepted = this.#accepted.of(credential).get(key);
    if (accepted !== undefined && lives(accepted, nowMs)) return accepted;
    const rejected = this.#rejected.of(credential).get(key);
    if (rejected !== undefined) {
      if (lives(rejected, nowMs)) return rejected;
      this.#rejected.of(credential).delete(key);
    }
    if (accepted !== undefined && !this.#mayServe(accepted, nowMs)) this.#accepted.of(credential).delete(key);
    return null;
  }

  /**
   * The answer to give while the Auth API is out of reach: an accepted verdict that is past its life by no more than
   * `staleOnOutageMs`, was not rejected since and whose credential has not ended.
   */
  findStale(credential: Credential, nowMs: number): { readonly askedAtMs: number; readonly accepted: Accepted } | null {
    const entry = this.#accepted.of(credential).get(textOf(credential));
    if (entry === undefined || entry.identity === null || !this.#mayServe(entry, nowMs)) return null;
    const { identity, askedAtMs } = entry;
    return { askedAtMs, accepted: { identity, reason: null, stale: true, source: 'memory' } };
  }

  /** A verdict that was asked for later than this one stays. */
  keep(credential: Credential, verdict: Verdict, nowMs: number): void {
    const key = textOf(credential);
    const accepted = this.#accepted.of(credential);
    const rejected = this.#rejected.of(credential);
    const held = accepted.get(key) ?? rejected.get(key);
    if (held !== undefined && held.askedAtMs > verdict.askedAtMs) return;
    accepted.delete(key);
    rejected.delete(key);
    if (!lives(verdict, nowMs) && !this.#mayServe(verdict, nowMs)) return;
    (verdict.identity === null ? rejected : accepted).set(key, entryOf(verdict, key));
  }

  #mayServe({ identity, askedAtMs, endMs }: Verdict, nowMs: number): boolean {
    if (identity === null || askedAtMs > nowMs) return false;
    return nowMs < Math.min(endMs + this.#staleOnOutageMs, identity.expireAtMs);
  }
}

/** The two kinds of credential in maps apart: the text of one can never be found as the other. */
class Space {
  readonly #bearers: BoundedMap<MemoryEntry>;
  readonly #keyPairs: BoundedMap<MemoryEntry>;

  constructor(maxEntries: number) {
    this.#bearers = new BoundedMap(maxEntries, maxEntries * averageWeight);
    this.#keyPairs = new BoundedMap(maxEntries, maxEntries * averageWeight);
  }

  get size(): number {
    return this.#bearers.size + this.#keyPairs.size;
  }

  of(credential: Credential): BoundedMap<MemoryEntry> {
    return credential.kind === 'bearer' ? this.#bearers : this.#keyPairs;
  }
}

function entryOf({ identity, askedAtMs, endMs }: Verdict, key: string): MemoryEntry {
  if (identity === null) return { identity, askedAtMs, endMs, resolution: rejection, weight: key.length };
  const resolution: Accepted = Object.freeze({ identity, reason: null, stale: false, source: 'memory' });
  return { identity, askedAtMs, endMs, resolution, weight: key.length + weightOf(identity.roles, identity.groups) };
}

function weightOf(...lists: readonly (readonly string[])[]): number {
  let weight = 0;
  for (const list of lists) for (const item of list) weight += item.length;
  return weight;
}
