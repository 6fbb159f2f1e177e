/**
 * Clients whose good credentials were limited (429) by a source within the last ten seconds. Five or more at once, and none with a result
 * meanwhile, show that it limits the gateway as a whole.
 */
const many = 5;
const withinMs = 10_000;

export class LimitedClients {
  /** Of the latest ones, the oldest first: when each was limited. */
  readonly #latest = new Map<string, number>();

  /** The source gave a client a result. */
  clear(): void {
    this.#latest.clear();
  }

  /** Adds one; undefined: unknown. `nowMs`: on a clock that is never set. */
  areMany(client: string | undefined, nowMs: number): boolean {
    if (client === undefined) return false;
    this.#latest.delete(client);
    this.#latest.set(client, nowMs);
    const [oldest] = this.#latest;
    if (this.#latest.size < many) return false;
    if (this.#latest.size > many) this.#latest.delete(oldest![0]);
    return [...this.#latest.values()].every((atMs) => nowMs - atMs < withinMs);
  }
}
