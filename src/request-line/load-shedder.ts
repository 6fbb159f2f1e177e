/**
 * Refuses a share of the requests while the process falls behind. The share grows while requests are delayed by lack of CPU time, and
 * shrinks only when the delay is well below the bound, so that it does not oscillate. The delay of every request is the lag of the event
 * loop. Requests that would have to wait for a connection to a service have a share of their own: while the event loop is never idle, their
 * delay includes the wait, because a process without CPU time collects responses so late that a fast service looks slow.
 */
import { type EventLoopUtilization, performance } from 'node:perf_hooks';

/** Time between two checks of the clock. */
const sampleMs = 100;
/** One late check is a pause of the garbage collector or the machine; this many in a row are load. */
const lateLooks = 3;
const step = 0.2;
/** Some requests always pass, to show when the load has ended. */
const maxShare = 0.95;
/** The load has ended when the lag is below this share of the bound. */
const calmPart = 0.5;
/** Above this share of time, the event loop is never idle. */
const saturated = 0.95;
/** A saturated event loop whose lag stays below this share of the bound keeps up: then a wait is due to the service. */
const lateTurnPart = 0.1;

export class LoadShedder {
  /** Delay of the last check. */
  lagMs = 0;
  /** Share of time since the check before the last one in which the event loop was not idle: 0 to 1. */
  busy = 0;
  readonly #boundMs: number;
  readonly #backlogMs: () => number;
  /** Of all requests. */
  readonly #all = new ShedShare();
  /** Of the requests that would have to wait. */
  readonly #waiting = new ShedShare();
  /** The lags of the last checks: one can be early in a long turn of the event loop. */
  #lags: readonly number[] = [];
  #timer: NodeJS.Timeout | null = null;
  #expectedAt = 0;
  #utilization: EventLoopUtilization | undefined;

  /** `boundMs` 0: nothing is ever refused. `backlogMs`: how long requests wait for a connection to a service now. */
  constructor(boundMs: number, backlogMs = () => 0) {
    this.#boundMs = boundMs;
    this.#backlogMs = backlogMs;
  }

  /** The larger share of requests that are refused: 0 to 1. */
  get share(): number {
    return Math.max(this.#all.value, this.#waiting.value);
  }

  start(): void {
    if (this.#boundMs === 0 || this.#timer !== null) return;
    this.#expectedAt = performance.now() + sampleMs;
    this.#utilization = performance.eventLoopUtilization();
    this.#timer = setInterval(() => {
      const now = performance.now();
      const utilization = performance.eventLoopUtilization();
      this.sample(
        Math.max(0, now - this.#expectedAt),
        performance.eventLoopUtilization(utilization, this.#utilization).utilization,
      );
      this.#utilization = utilization;
      this.#expectedAt = now + sampleMs;
    }, sampleMs).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Records the delay of the event loop, and the share of time in which it was not idle. */
  sample(lagMs: number, busy: number): void {
    this.lagMs = lagMs;
    this.busy = busy;
    if (this.#boundMs === 0) return;
    this.#lags = [lagMs, ...this.#lags.slice(0, lateLooks - 1)];
    const fallsBehind = busy >= saturated && Math.max(...this.#lags) >= this.#boundMs * lateTurnPart;
    this.#all.follow(lagMs / this.#boundMs);
    this.#waiting.follow((fallsBehind ? lagMs + this.#backlogMs() : lagMs) / this.#boundMs);
  }

  /** Whether this request is refused. */
  refuses(): boolean {
    return this.#all.refuses(this.#all.value);
  }

  /**
   * Whether this request, which would have to wait for a connection to a service, is refused. It has passed `refuses`, so this adds only
   * what its share exceeds that of all requests by.
   */
  refusesToWait(): boolean {
    const all = this.#all.value;
    return this.#waiting.refuses(Math.max(0, this.#waiting.value - all) / (1 - all));
  }
}

/** A share of refused requests: 0 to 1. */
class ShedShare {
  value = 0;
  #late = 0;
  /** Sum of the shares of the requests since the last refused one. */
  #due = 0;

  /** `delay`: in parts of the bound. */
  follow(delay: number): void {
    if (delay > 1) {
      this.#late += 1;
      if (this.#late >= lateLooks) this.value = Math.min(maxShare, this.value + step);
      return;
    }
    this.#late = 0;
    if (this.value === 0 || delay > calmPart) return;
    this.value = Math.max(0, this.value - step / 2);
    if (this.value < 0.01) this.value = 0;
  }

  refuses(share: number): boolean {
    if (share === 0) return false;
    this.#due += share;
    if (this.#due < 1) return false;
    this.#due -= 1;
    return true;
  }
}
