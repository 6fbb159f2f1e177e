/** When a worker that ended is started again: at once after a good life, later and later after short ones, then never. */

export interface RestartPolicyOptions {
  /** A worker that lived this long had a good life. */
  readonly goodMs: number;
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** Short lives in a row that are too many. */
  readonly mostShort: number;
}

const usual: RestartPolicyOptions = { goodMs: 10_000, firstDelayMs: 100, longestDelayMs: 5_000, mostShort: 6 };

export class RestartPolicy {
  readonly #options: RestartPolicyOptions;
  #short = 0;

  constructor(options: RestartPolicyOptions = usual) {
    this.#options = options;
  }

  /** `livedMs`: since it was started. Milliseconds to wait; null: it is of no use to start it again. */
  ended(livedMs: number): number | null {
    const { goodMs, firstDelayMs, longestDelayMs, mostShort } = this.#options;
    if (livedMs >= goodMs) this.#short = 0;
    this.#short += 1;
    if (this.#short >= mostShort) return null;
    return this.#short === 1 && livedMs >= goodMs ? 0 : Math.min(firstDelayMs * 2 ** (this.#short - 1), longestDelayMs);
  }
}
