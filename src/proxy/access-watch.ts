/**
 * Ends a stream when the access that opened it ends. A stream is any exchange that stays open: a WebSocket, an event stream, a long
 * transfer. Its request is decided again, by the current rules, roles and results, when its credential ends, at every `recheck` of its
 * route, and after a revocation that may concern it.
 */

import type { Allow, Decision } from '../core/decision.ts';
import type { Identity } from '../core/identity/identity.ts';
import { type ReasonCode, reasons } from '../core/outcome/reasons.ts';

export interface WatchedStream {
  /** Decides its request again. */
  decideAgain(): Decision | Promise<Decision>;
  /** Whether access granted at that time (milliseconds since the epoch) may have been revoked since. */
  mayBeRevoked(granted: Allow, grantedAtMs: number): boolean;
  /** Access has ended. */
  endAccess(reason: ReasonCode): void;
  /** `look` must be called at this time of `performance.now()`. */
  lookAt(at: number): void;
}

export interface AccessEvents {
  rechecked(outcome: RecheckOutcome): void;
}

export type RecheckOutcome = 'kept' | 'ended' | 'unknown';

/** A stream whose access cannot be confirmed ends after this long; sooner if it may have been revoked. */
const unknownMs = 60_000;
const suspectMs = 10_000;
/** Time between two attempts while access is unknown. */
const retryMs = 2_000;

export class AccessWatch {
  readonly #stream: WatchedStream;
  readonly #events: AccessEvents;
  readonly #now: () => number;
  /** The last grant, and when it was requested, in milliseconds since the epoch. */
  #granted: Allow;
  #grantedAtMs: number;
  /** Times of `performance.now()`. */
  #expiresAt: number;
  #recheckAt: number;
  /** Since when access is unknown; 0: it is known. */
  #unknownSince = 0;
  #suspect = false;
  #asking = false;
  #over = false;

  /** `grantedForMs`: milliseconds that have passed since the decision began. `now`: milliseconds since the epoch. */
  constructor(stream: WatchedStream, granted: Allow, grantedForMs: number, events: AccessEvents, now: () => number) {
    this.#stream = stream;
    this.#events = events;
    this.#now = now;
    this.#granted = granted;
    this.#grantedAtMs = now() - grantedForMs;
    this.#expiresAt = performance.now() + this.#leftMs(granted.identity);
    this.#recheckAt = this.#nextRecheck();
  }

  begin(): void {
    this.revoked();
    this.#schedule();
  }

  stop(): void {
    this.#over = true;
  }

  /** Something was revoked. True: it may concern the stream, which is decided again. */
  revoked(): boolean {
    if (this.#over || this.#asking || !this.#stream.mayBeRevoked(this.#granted, this.#grantedAtMs)) return false;
    this.#suspect = true;
    this.#ask();
    return true;
  }

  /** Must be called at the requested time. */
  look(): void {
    if (this.#over || this.#asking) return;
    const now = performance.now();
    if (now >= this.#expiresAt || now >= this.#recheckAt) this.#ask();
    this.#schedule();
  }

  #schedule(): void {
    if (!this.#over && !this.#asking) this.#stream.lookAt(Math.min(this.#expiresAt, this.#recheckAt));
  }

  #ask(): void {
    const askedAtMs = this.#now();
    const decision = this.#stream.decideAgain();
    if (!(decision instanceof Promise)) {
      this.#conclude(decision, askedAtMs);
      return;
    }
    this.#asking = true;
    decision.then((settled) => {
      this.#asking = false;
      if (this.#over) return;
      this.#conclude(settled, askedAtMs);
      this.#schedule();
    });
  }

  #conclude(decision: Decision, askedAtMs: number): void {
    const expired = performance.now() >= this.#expiresAt;
    if (decision.outcome === 'refuse') {
      this.#refused(decision.reason, expired);
      return;
    }
    // Another identity, no identity, or no valid request: the stream was not opened for this.
    if (decision.outcome !== 'allow' || decision.identity?.userId !== this.#granted.identity?.userId) {
      this.#end('access_revoked');
      return;
    }
    if (expired && !isLater(decision.identity, this.#granted.identity)) {
      this.#end('access_expired');
      return;
    }
    this.#granted = decision;
    this.#grantedAtMs = askedAtMs;
    this.#expiresAt = performance.now() + this.#leftMs(decision.identity);
    this.#recheckAt = this.#nextRecheck();
    this.#unknownSince = 0;
    this.#suspect = false;
    this.#events.rechecked('kept');
  }

  #refused(reason: ReasonCode, expired: boolean): void {
    const { status } = reasons[reason];
    if (status < 500 && status !== 429) {
      this.#end(reason !== 'credential_rejected' ? reason : expired ? 'access_expired' : 'access_revoked');
      return;
    }
    // An outage is not a refusal, but it must not extend a credential.
    const now = performance.now();
    if (this.#unknownSince === 0) this.#unknownSince = now;
    // It may have been revoked during the call to the source.
    this.#suspect ||= this.#stream.mayBeRevoked(this.#granted, this.#grantedAtMs);
    if (expired || now - this.#unknownSince >= (this.#suspect ? suspectMs : unknownMs)) {
      this.#end(expired ? 'access_expired' : reason);
      return;
    }
    this.#recheckAt = now + retryMs * (0.5 + Math.random());
    this.#events.rechecked('unknown');
  }

  #end(reason: ReasonCode): void {
    this.#over = true;
    this.#events.rechecked('ended');
    this.#stream.endAccess(reason);
  }

  #leftMs(identity: Identity | null): number {
    return identity === null ? Number.POSITIVE_INFINITY : Math.max(0, identity.expireAtMs - this.#now());
  }

  /** Streams that were opened together are not rechecked together. */
  #nextRecheck(): number {
    const { recheckMs } = this.#granted.route;
    if (recheckMs === 0) return Number.POSITIVE_INFINITY;
    return performance.now() + recheckMs * (0.9 + 0.1 * Math.random());
  }
}

function isLater(one: Identity | null, other: Identity | null): boolean {
  return one !== null && other !== null && one.expireAtMs > other.expireAtMs;
}
