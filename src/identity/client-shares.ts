/** Counts what each client has in progress, so that no client uses all of a scarce resource. */
export class ClientShares {
  readonly #most: number;
  readonly #counts = new Map<string, number>();

  /** `most`: the limit of a client under load. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether the client may begin one more; an unknown client (undefined) always may. */
  allow(client: string | undefined, crowded: boolean): boolean {
    return !crowded || client === undefined || (this.#counts.get(client) ?? 0) < this.#most;
  }

  begin(client: string | undefined): void {
    if (client !== undefined) this.#counts.set(client, (this.#counts.get(client) ?? 0) + 1);
  }

  end(client: string | undefined): void {
    if (client === undefined) return;
    const count = (this.#counts.get(client) ?? 1) - 1;
    if (count === 0) this.#counts.delete(client);
    else this.#counts.set(client, count);
  }
}
