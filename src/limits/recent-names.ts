/** Names that hold until a moment of their own. Their number is bounded: beyond it the oldest give way. */
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

  /** A name that is held keeps its place: to take it out and in again costs a map more than all else here. */
  add(name: string, untilMs: number): void {
    if (this.#untilMs.size >= this.#most && !this.#untilMs.has(name)) this.#makeRoom();
    this.#untilMs.set(name, untilMs);
  }

  delete(name: string): void {
    this.#untilMs.delete(name);
  }

  /** Some at once, since the way to the first key of a map leads over all that were deleted before it. */
  #makeRoom(): void {
    const enough = this.#most - Math.ceil(this.#most / 20);
    for (const name of this.#untilMs.keys()) {
      if (this.#untilMs.size <= enough) return;
      this.#untilMs.delete(name);
    }
  }
}
