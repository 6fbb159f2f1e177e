/** A number of actions that each client may take in a window. Bounded: beyond `mostClients`, the clients that began first are forgotten. */

interface Spent {
  count: number;
  readonly endsAtMs: number;
}

export interface ClientBudgetOptions {
  readonly most: number;
  readonly windowMs: number;
  readonly mostClients?: number;
  /** In milliseconds, on a clock that is never set. */
  readonly now: () => number;
}

export class ClientBudget {
  readonly #options: ClientBudgetOptions;
  readonly #mostClients: number;
  /** In the order in which their windows end. */
  readonly #spent = new Map<string, Spent>();

  constructor(options: ClientBudgetOptions) {
    this.#options = options;
    this.#mostClients = options.mostClients ?? 10_000;
  }

  /** Whether the client may take one more action, which then counts. All unknown clients (undefined) are one. */
  take(client = ''): boolean {
    const { most, windowMs, now } = this.#options;
    const nowMs = now();
    const known = this.#spent.get(client);
    if (known !== undefined && known.endsAtMs > nowMs) {
      known.count += 1;
      return known.count <= most;
    }
    this.#spent.delete(client);
    for (const [name, { endsAtMs }] of this.#spent) {
      if (endsAtMs > nowMs && this.#spent.size < this.#mostClients) break;
      this.#spent.delete(name);
    }
    this.#spent.set(client, { count: 1, endsAtMs: nowMs + windowMs });
    return most > 0;
  }
}
