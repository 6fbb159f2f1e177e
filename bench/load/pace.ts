/**
 * Schedules requests evenly over time. A request that finds no free connection stays due, so a server that stalls is not spared
 * (coordinated omission).
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
      // The connection that has waited longest; an unused one would be closed as idle.
      const send = this.#free.shift();
      if (send === undefined) return;
      const dueAt = this.#next;
      this.#next += this.#everyMs;
      send(dueAt);
    }
  }
}
