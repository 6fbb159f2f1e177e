/**
 * How many connections each client has. A client is an address, or in IPv6 a network of 64 bits. Trusted proxies stand
 * for many clients and are not counted.
 */

export interface ClientAccount {
  connections: number;
}

export class ClientLedger {
  readonly #maxConnections: number;
  readonly #accounts = new Map<string, ClientAccount>();

  /** `maxConnections` 0: no limit. */
  constructor(maxConnections: number) {
    this.#maxConnections = maxConnections;
  }

  /** Clients with a connection. */
  get size(): number {
    return this.#accounts.size;
  }

  /** Null: the client has as many connections as it may. */
  connected(network: string): ClientAccount | null {
    const account = this.#accounts.get(network) ?? { connections: 0 };
    if (this.#maxConnections > 0 && account.connections >= this.#maxConnections) return null;
    if (account.connections === 0) this.#accounts.set(network, account);
    account.connections += 1;
    return account;
  }

  disconnected(network: string, account: ClientAccount): void {
    account.connections -= 1;
    if (account.connections === 0) this.#accounts.delete(network);
  }
}
