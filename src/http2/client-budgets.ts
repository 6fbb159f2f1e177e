/**
 * What each client may do over all of its connections of HTTP/2 without cost to itself but at ours: streams that it resets, or that end by its
 * fault (CVE-2023-44487, CVE-2025-8671), and PING and SETTINGS frames (CVE-2019-9512, CVE-2019-9515). Browsers reset often, so a burst is free. A client
 * of null is a proxy with many clients: it has no budget.
 */

/** Per second, and at once. Node's own limit for the resets of one connection is the same. */
const resets = { rate: 33, burst: 1_000 };
/** Some libraries measure the bandwidth by a PING for each read. */
const controls = { rate: 100, burst: 1_000 };
/** Clients that are remembered after their last connection, so that a new one does not begin again. */
const maxRemembered = 10_000;

interface Spending {
  /** Open streams. */
  streams: number;
  connections: number;
  resets: number;
  controls: number;
  /** When both were last reduced. */
  at: number;
}

export class ClientBudgets {
  readonly #clients = new Map<string, Spending>();
  readonly #maxStreams: number;
  readonly #now: () => number;

  /** `maxStreams` of one client; 0: no limit. `now`: milliseconds. */
  constructor(maxStreams: number, now: () => number = () => performance.now()) {
    this.#maxStreams = maxStreams;
    this.#now = now;
  }

  /** Clients that are known. */
  get size(): number {
    return this.#clients.size;
  }

  connected(client: string | null): void {
    if (client === null) return;
    const spending = this.#clients.get(client) ?? {
      streams: 0,
      connections: 0,
      resets: 0,
      controls: 0,
      at: this.#now(),
    };
    spending.connections += 1;
    // The latest last.
    this.#clients.delete(client);
    this.#clients.set(client, spending);
    if (this.#clients.size > maxRemembered) this.#forgetSome();
  }

  disconnected(client: string | null): void {
    if (client !== null) this.#of(client).connections -= 1;
  }

  /** False: the client has too many open streams. */
  opens(client: string | null): boolean {
    if (client === null) return true;
    const spending = this.#of(client);
    if (this.#maxStreams > 0 && spending.streams >= this.#maxStreams) return false;
    spending.streams += 1;
    return true;
  }

  closed(client: string | null): void {
    if (client !== null) this.#of(client).streams -= 1;
  }

  /** False: its connection must end. */
  mayReset(client: string | null): boolean {
    if (client === null) return true;
    const spending = this.#reduced(client);
    spending.resets += 1;
    return spending.resets <= resets.burst;
  }

  /** False: its connection must end. */
  mayControl(client: string | null): boolean {
    if (client === null) return true;
    const spending = this.#reduced(client);
    spending.controls += 1;
    return spending.controls <= controls.burst;
  }

  #of(client: string): Spending {
    return this.#clients.get(client)!;
  }

  #reduced(client: string): Spending {
    const spending = this.#of(client);
    const now = this.#now();
    const seconds = (now - spending.at) / 1000;
    spending.at = now;
    spending.resets = Math.max(0, spending.resets - seconds * resets.rate);
    spending.controls = Math.max(0, spending.controls - seconds * controls.rate);
    return spending;
  }

  /** Those without a connection, the oldest first. */
  #forgetSome(): void {
    for (const [client, { connections }] of this.#clients) {
      if (this.#clients.size <= maxRemembered) return;
      if (connections === 0) this.#clients.delete(client);
    }
  }
}
