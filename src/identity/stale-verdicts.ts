/**
 * Expired verdicts that are used while the Auth API is unreachable (`cache.staleOnOutage`): only then, only while
 * this process is connected to revocations, and never one that was rejected or revoked.
 */
import type { Credential } from '../core/credential/credential.ts';
import type { Resolution, Unresolved } from '../core/identity/identity.ts';
import type { MemoryCache } from './cache/memory-cache.ts';
import type { IdentityEvents } from './events.ts';
import type { LookUpResult } from './look-up.ts';
import type { RevocationConnection } from './revocation/revocation-connection.ts';

export interface StaleVerdictsOptions {
  readonly memory: MemoryCache;
  readonly enabled: boolean;
  readonly connection: RevocationConnection;
  readonly events: Pick<IdentityEvents, 'stale' | 'serving'>;
  readonly now: () => number;
}

/** How often the Auth API is called for a credential that is served by a stale verdict. */
const askAgainMs = 200;

export class StaleVerdicts {
  readonly #options: StaleVerdictsOptions;
  /** Names of sources that were unreachable at the last look-up. */
  readonly #outages = new Set<string>();
  #serving = false;

  constructor(options: StaleVerdictsOptions) {
    this.#options = options;
  }

  /** Receives the result of every call to a source. */
  observe(source: string, { outage }: LookUpResult): void {
    if (outage === true) this.#outages.add(source);
    if (outage === false) this.#outages.delete(source);
    if (this.#outages.size > 0 || !this.#serving) return;
    this.#serving = false;
    this.#options.events.serving('fresh', null);
  }

  /** The result to use if the source is unavailable; a verdict from a call before `oldestMs` is not accepted. */
  insteadOf(unknown: Unresolved, credential: Credential, oldestMs: number): Resolution {
    const { memory, enabled, connection, events, now } = this.#options;
    const nowMs = now();
    if (!enabled || this.#outages.size === 0 || !connection.isConnected(nowMs)) return unknown;
    const stale = memory.findStale(credential, nowMs);
    if (stale === null || !this.#outages.has(stale.accepted.identity.source)) return unknown;
    if (!(stale.entry.askedAtMs >= oldestMs)) return unknown;
    stale.entry.standsInUntilMs = nowMs + askAgainMs;
    events.stale();
    if (!this.#serving) {
      this.#serving = true;
      events.serving('stale', unknown.failure ?? null);
    }
    return stale.accepted;
  }

  /**
   * The result to use without a call, because the Auth API was called for this credential a moment ago: in an outage, a request should not
   * cost more than a warm one.
   */
  standIn(credential: Credential, oldestMs: number, nowMs: number): Resolution | null {
    const { memory, connection, events } = this.#options;
    if (this.#outages.size === 0 || !this.#serving || !connection.isConnected(nowMs)) return null;
    const stale = memory.findStale(credential, nowMs);
    if (stale === null || !this.#outages.has(stale.accepted.identity.source)) return null;
    if (!(stale.entry.askedAtMs >= oldestMs)) return null;
    const leftMs = stale.entry.standsInUntilMs - nowMs;
    if (leftMs <= 0 || leftMs > askAgainMs) return null;
    events.stale();
    return stale.accepted;
  }
}
