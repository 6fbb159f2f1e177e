/**
 * Hands out moments at which requests are due, evenly over time. A request that finds no free connection stays due, so
 * that a server that stalls is not spared (what is called coordinated omission).
 */
export class Pace {
  readonly #everyMs: number;
  readonly #timer: NodeJS.Timeout;
  /** Connections without a request. */
  #free: ((dueAt: number) => void)[] = [];
  #next = performance.now();

  constructor(perSecond: number) {
    this.#everyMs = 1000 / perSecond;
    this.#timer = setInterval(() => this.#hand(), 1);
  }

  whenDue(send: (dueAt: number) => void): void {
    this.#free.push(send);
    this.#hand();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #hand(): void {
    const now = performance.now();
    while (this.#next <= now) {
      // The one that has waited longest: a connection that never has a request would be closed as idle.
      const send = this.#free.shift();
      if (send === undefined) return;
      const dueAt = this.#next;
      this.#next += this.#everyMs;
      send(dueAt);
    }
  }
}
