/**
 * Turns a part of the requests away while the process falls behind, before they cost anything. The part grows while the
 * event loop is late and shrinks only when it is well below the bound again, so that it neither jumps nor flutters.
 */

/** Time between two looks at the clock. */
const sampleMs = 100;
/** One late look is a pause, of a garbage collection or of the machine; so many in a row are load. */
const lateLooks = 3;
const step = 0.2;
/** Some requests always pass: they show when it is over. */
const mostShare = 0.95;
/** The bound is undershot when the lag is below this part of it. */
const calmPart = 0.5;

export class LoadShedder {
  /** Part of the requests that is turned away: 0 to 1. */
  share = 0;
  /** How late the last look came. */
  lagMs = 0;
  readonly #boundMs: number;
  #late = 0;
  /** Adds up the shares of the requests since the last one that was turned away. */
  #due = 0;
  #timer: NodeJS.Timeout | null = null;
  #expectedAt = 0;

  /** `boundMs` 0: nothing is ever turned away. */
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

  /** Takes note of how late the event loop was. */
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

  /** Whether this request is one of those that are turned away. */
  refuses(): boolean {
    if (this.share === 0) return false;
    this.#due += this.share;
    if (this.#due < 1) return false;
    this.#due -= 1;
    return true;
  }
}
