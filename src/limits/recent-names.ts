/** Names with an expiry each. Their number is bounded: beyond it the oldest are evicted. */
export class RecentNames {
  readonly #most: number;
  readonly #untilMs = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  has(name: string, nowMs: number): boolean {
    const untilMs = this.#untilMs.get(name);
    if (untilMs === undefined) return false;
    if (nowMs < untilMs) return true;
    this.#untilMs.delete(name);
    return false;
  }

  /** An existing name keeps its place: removing and inserting it costs a map more than everything else here. */
  add(name: string, untilMs: number): void {
    if (this.#untilMs.size >= this.#most && !this.#untilMs.has(name)) this.#makeRoom();
    this.#untilMs.set(name, untilMs);
  }

  delete(name: string): void {
    this.#untilMs.delete(name);
  }

  /** Several at once, because finding the first key of a map skips over all deleted ones. */
  #makeRoom(): void {
    const enough = this.#most - Math.ceil(this.#most / 20);
    for (const name of this.#untilMs.keys()) {
      if (this.#untilMs.size <= enough) return;
      this.#untilMs.delete(name);
    }
  }
}
