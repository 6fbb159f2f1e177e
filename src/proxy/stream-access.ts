/** The access of one open exchange, which is watched once it is a stream. */
import type { Allow, Decision } from '../core/decision.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { RequestContext } from '../request-line/request-context.ts';
import { AccessWatch, type WatchedStream } from './access-watch.ts';
import type { ExchangeParts } from './exchange-parts.ts';
import type { Timeouts } from './timeouts.ts';

export class StreamAccess implements WatchedStream {
  readonly #context: RequestContext;
  readonly #granted: Allow;
  readonly #parts: ExchangeParts;
  readonly #timeouts: Timeouts;
  #watch: AccessWatch | null = null;

  constructor(context: RequestContext, granted: Allow, parts: ExchangeParts, timeouts: Timeouts) {
    this.#context = context;
    this.#granted = granted;
    this.#parts = parts;
    this.#timeouts = timeouts;
  }

  /** Checks the access; the first call starts watching it. */
  look(): void {
    if (this.#watch !== null) {
      this.#watch.look();
      return;
    }
    const { streams, now } = this.#parts;
    // Since the source was called, at the earliest: it may have been another one.
    const grantedForMs = performance.now() - this.#context.startedAt;
    this.#watch = new AccessWatch(this, this.#granted, grantedForMs, streams, now);
    streams.add(this.#watch);
    this.#watch.begin();
  }

  stop(): void {
    if (this.#watch === null) return;
    this.#watch.stop();
    this.#parts.streams.delete(this.#watch);
    this.#watch = null;
  }

  decideAgain(): Decision | Promise<Decision> {
    return this.#parts.decideAgain(this.#context);
  }

  mayBeRevoked(granted: Allow, grantedAtMs: number): boolean {
    return this.#parts.mayBeRevoked(this.#context, granted, grantedAtMs);
  }

  endAccess(reason: ReasonCode): void {
    this.#context.endAccess(reason);
  }

  lookAt(at: number): void {
    if (this.#watch !== null) this.#timeouts.watchAccess(at);
  }
}
