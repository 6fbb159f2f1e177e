/**
 * How many connections each client has. A client is an address, or in IPv6 a network of 64 bits. Trusted proxies stand
 * for many clients and are not counted.
 */
export class ClientConnections {
  readonly #perClient: number;
  readonly #open = new Map<string, number>();

  /** `perClient` 0: no limit. */
  constructor(perClient: number) {
    this.#perClient = perClient;
  }

  /** Clients with a connection. */
  get size(): number {
    return this.#open.size;
  }

  /** False: the client has as many connections as it may. */
  opened(network: string): boolean {
    const open = this.#open.get(network) ?? 0;
    if (this.#perClient > 0 && open >= this.#perClient) return false;
    this.#open.set(network, open + 1);
    return true;
  }

  closed(network: string): void {
    const open = this.#open.get(network)! - 1;
    if (open === 0) this.#open.delete(network);
    else this.#open.set(network, open);
  }
}
