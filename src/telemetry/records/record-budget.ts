/** How many records of each reason are made in a second, so that a flood of one reason leaves room for the others. */

/** Records of all reasons together, as a multiple of those of one. */
const reasonsAtOnce = 5;

export class RecordBudget {
  readonly #perSecond: number;
  readonly #used = new Map<string | null, number>();
  #second = 0;
  #inSecond = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Whether one more may be recorded; the first one of each reason always may. `reason` null: allowed. */
  take(reason: string | null, nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
      this.#used.clear();
    }
    const used = this.#used.get(reason) ?? 0;
    if (used > 0 && (used >= this.#perSecond || this.#inSecond >= reasonsAtOnce * this.#perSecond)) return false;
    this.#used.set(reason, used + 1);
    this.#inSecond += 1;
    return true;
  }
}
