/**
 * Refuses a share of the requests while the process falls behind, before they cost anything. The share grows while the event loop is late,
 * and shrinks only when the lag is well below the bound, so that it does not oscillate.
 */

/** Time between two checks of the clock. */
const sampleMs = 100;
/** One late check is a pause of the garbage collector or the machine; this many in a row are load. */
const lateLooks = 3;
const step = 0.2;
/** Some requests always pass, to show when the load has ended. */
const mostShare = 0.95;
/** The load has ended when the lag is below this share of the bound. */
const calmPart = 0.5;

export class LoadShedder {
  /** Share of requests that are refused: 0 to 1. */
  share = 0;
  /** Delay of the last check. */
  lagMs = 0;
  readonly #boundMs: number;
  #late = 0;
  /** Sum of the shares of the requests since the last refused one. */
  #due = 0;
  #timer: NodeJS.Timeout | null = null;
  #expectedAt = 0;

  /** `boundMs` 0: nothing is ever refused. */
  constructor(boundMs: number) {
    this.#boundMs = boundMs;
  }

  start(): void {
    if (this.#boundMs === 0 || this.#timer !== null) return;
    this.#expectedAt = performance.now() + sampleMs;
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.sample(Math.max(0, now - this.#expectedAt));
      this.#expectedAt = now + sampleMs;
    }, sampleMs).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Records the delay of the event loop. */
  sample(lagMs: number): void {
    this.lagMs = lagMs;
    if (this.#boundMs === 0) return;
    if (lagMs > this.#boundMs) {
      this.#late += 1;
      if (this.#late >= lateLooks) this.share = Math.min(mostShare, this.share + step);
      return;
    }
    this.#late = 0;
    if (this.share === 0 || lagMs > this.#boundMs * calmPart) return;
    this.share = Math.max(0, this.share - step / 2);
    if (this.share < 0.01) this.share = 0;
  }

  /** Whether this request is refused. */
  refuses(): boolean {
    if (this.share === 0) return false;
    this.#due += this.share;
    if (this.#due < 1) return false;
    this.#due -= 1;
    return true;
  }
}
