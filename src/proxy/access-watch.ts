/**
 * Ends a stream when the access that opened it ends. A stream is any exchange that stays open: a WebSocket, an event stream, a long
 * transfer. Its request is decided again, by the current rules, roles and results, when its credential ends, at every `recheck` of its
 * route, and after a revocation that may concern it.
 */

import type { Allow, Decision } from '../core/decision.ts';
import type { Identity } from '../core/identity/identity.ts';
import { type ReasonCode, reasons } from '../core/outcome/reasons.ts';
import type { RequestContext } from '../request-line/request-context.ts';
import type { ExchangeParts } from './exchange-parts.ts';
import type { WatchedStream } from './open-streams.ts';
import type { Timeouts } from './timeouts.ts';

/** A stream whose access cannot be confirmed ends after this long; sooner if it may have been revoked. */
const unknownMs = 60_000;
const suspectMs = 10_000;
/** Time between two attempts while access is unknown. */
const retryMs = 2_000;

export class AccessWatch implements WatchedStream {
  readonly #context: RequestContext;
  readonly #parts: ExchangeParts;
  readonly #timeouts: Pick<Timeouts, 'watchAccess'>;
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

  constructor(context: RequestContext, granted: Allow, parts: ExchangeParts, timeouts: Pick<Timeouts, 'watchAccess'>) {
    this.#context = context;
    this.#parts = parts;
    this.#timeouts = timeouts;
    this.#granted = granted;
    const now = performance.now();
    // Since the source was called, at the earliest: it may have been another one.
    this.#grantedAtMs = parts.now() - (now - context.startedAt);
    this.#expiresAt = now + this.#leftMs(granted.identity);
    this.#recheckAt = this.#nextRecheck();
  }

  begin(): void {
    this.#parts.streams.add(this);
    this.revoked();
    this.#schedule();
  }

  stop(): void {
    this.#over = true;
    this.#parts.streams.delete(this);
  }

  /** Something was revoked. True: it may concern the stream, which is decided again. */
  revoked(): boolean {
    if (this.#over || this.#asking || !this.#parts.mayBeRevoked(this.#context, this.#granted, this.#grantedAtMs))
      return false;
    this.#suspect = true;
    this.#ask();
    return true;
  }

  /** Must be called at the time that was requested of the timeouts. */
  look(): void {
    if (this.#over || this.#asking) return;
    const now = performance.now();
    if (now >= this.#expiresAt || now >= this.#recheckAt) this.#ask();
    this.#schedule();
  }

  #schedule(): void {
    if (!this.#over && !this.#asking) this.#timeouts.watchAccess(Math.min(this.#expiresAt, this.#recheckAt));
  }

  #ask(): void {
    const askedAtMs = this.#parts.now();
    const decision = this.#parts.decideAgain(this.#context);
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
    this.#parts.streams.rechecked('kept');
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
    this.#suspect ||= this.#parts.mayBeRevoked(this.#context, this.#granted, this.#grantedAtMs);
    if (expired || now - this.#unknownSince >= (this.#suspect ? suspectMs : unknownMs)) {
      this.#end(expired ? 'access_expired' : reason);
      return;
    }
    this.#recheckAt = now + retryMs * (0.5 + Math.random());
    this.#parts.streams.rechecked('unknown');
  }

  #end(reason: ReasonCode): void {
    this.#over = true;
    this.#parts.streams.rechecked('ended');
    this.#context.endAccess(reason);
  }

  #leftMs(identity: Identity | null): number {
    return identity === null ? Number.POSITIVE_INFINITY : Math.max(0, identity.expireAtMs - this.#parts.now());
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
