/**
 * Refreshes verdicts in use before they expire, so that no request waits for them. Refreshes use a bounded share of the calls to the Auth
 * API, so they never delay requests that need a call.
 */

import { stepMs } from './cache/due-times.ts';
import { credentialOf, type MemoryCache } from './cache/memory-cache.ts';
import type { MemoryEntry } from './cache/memory-entry.ts';
import type { RefreshOutcome } from './events.ts';
import type { LookUp, LookUpResult } from './look-up.ts';
import type { SingleFlight } from './single-flight/single-flight.ts';

export interface RefreshAheadOptions {
  /** False: entries only expire. */
  readonly enabled: boolean;
  readonly memory: MemoryCache;
  readonly flights: SingleFlight<LookUpResult>;
  readonly lookUp: LookUp;
  /** Maximum concurrent refreshes. */
  readonly concurrency: number;
  /** Whether a fresh verdict would be useful now. */
  readonly worthwhile: () => boolean;
  readonly onRefresh: (outcome: RefreshOutcome) => void;
  readonly now: () => number;
  /** Whether the clock was set back since the last call. */
  readonly isSetBack: () => boolean;
}

/** Maximum waiting refreshes. */
const maxWaiting = 10_000;

export class RefreshAhead {
  readonly #options: RefreshAheadOptions;
  readonly #timer: NodeJS.Timeout;
  #waiting: MemoryEntry[] = [];
  /** Entries before it in `#waiting` are done. */
  #next = 0;
  #running = 0;

  constructor(options: RefreshAheadOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.advance(), stepMs).unref();
  }

  /** Starts what is due by now. An entry without room is due again later, if there is still time. */
  advance(): void {
    const { enabled, memory, onRefresh, now, isSetBack } = this.#options;
    // Verdicts would live longer, or live again once the clock catches up.
    if (isSetBack()) memory.clear();
    memory.advance(now(), (entry) => {
      if (!enabled) return;
      if (this.#waiting.length - this.#next < maxWaiting) this.#waiting.push(entry);
      else onRefresh('skipped');
    });
    this.#proceed();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#waiting = [];
    this.#next = 0;
  }

  #proceed(): void {
    while (this.#running < this.#options.concurrency && this.#next < this.#waiting.length) {
      const entry = this.#waiting[this.#next];
      this.#next += 1;
      if (entry !== undefined) this.#begin(entry);
    }
    if (this.#next < this.#waiting.length) return;
    this.#waiting = [];
    this.#next = 0;
  }

  /** Does nothing if it is no longer needed: replaced meanwhile, expired, or already looked up by a request. */
  #begin(entry: MemoryEntry): void {
    const { memory, flights, lookUp, worthwhile, onRefresh, now } = this.#options;
    if (!memory.holds(entry) || now() >= entry.endMs || !worthwhile()) return;
    const credential = credentialOf(entry.key);
    if (flights.get(credential) !== undefined) return;
    // A newer result of another replica is also accepted.
    const flight = flights.start(credential, () => lookUp(credential, entry.askedAtMs + 1));
    if (flight === null) {
      onRefresh('skipped');
      return;
    }
    this.#running += 1;
    const done = (outcome: RefreshOutcome) => {
      this.#running -= 1;
      onRefresh(outcome);
      this.#proceed();
    };
    void flight.then(
      (finding) => done(outcomeOf(finding)),
      () => done('failed'),
    );
  }
}

function outcomeOf({ resolution: { identity, reason, source }, isRevoked }: LookUpResult): RefreshOutcome {
  if (isRevoked()) return 'failed';
  if (source === 'redis') return 'shared';
  if (identity !== null) return 'accepted';
  return reason === 'credential_rejected' ? 'rejected' : 'failed';
}
