/** Waits until every connected gateway has applied a revocation, or until its earlier verdicts have expired. */

export interface Present {
  readonly replicaId: string;
  /** Maximum time for which it uses a verdict while it is disconnected. */
  readonly whileDisconnectedMs: number;
}

/** A disconnected gateway measures the time by its own clock, and timers are late. */
export const marginMs = 250;
/** The placeholder for gateways that Redis has lost. It never acknowledges. */
export const lostReplicaId = '00000000-0000-0000-0000-000000000000';
/** The longest wait, regardless of the number in the replica's entry. */
const maxWaitMs = 10_000;

const present = /^([0-9a-f-]{36}) (\d{1,6})$/;

export function presentName({ replicaId, whileDisconnectedMs }: Present): string {
  return `${replicaId} ${whileDisconnectedMs}`;
}

/** Null: not written by a gateway. */
export function readPresent(name: string): Present | null {
  const match = present.exec(name);
  return match === null ? null : { replicaId: match[1]!, whileDisconnectedMs: Math.min(Number(match[2]), maxWaitMs) };
}

export class Acknowledgements {
  readonly #waiting = new Map<string, Wait>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Must be called before a replica can acknowledge. */
  expect(id: string): void {
    this.#waiting.set(id, new Wait());
  }

  acknowledge(id: string, replicaId: string): void {
    this.#waiting.get(id)?.acknowledge(replicaId);
  }

  forget(id: string): void {
    this.#waiting.delete(id);
  }

  /** Resolves with those that did not acknowledge, once their verdicts can no longer be used. */
  async all(id: string, replicas: readonly Present[]): Promise<readonly Present[]> {
    const silent = (await this.#waiting.get(id)?.until(replicas)) ?? [];
    this.forget(id);
    return silent;
  }

  /** Stops waiting for replicas. */
  close(): void {
    for (const wait of this.#waiting.values()) wait.end();
    this.#waiting.clear();
  }
}

class Wait {
  readonly #done = new Set<string>();
  readonly #over = Promise.withResolvers<void>();
  #replicas: readonly Present[] | null = null;

  acknowledge(replicaId: string): void {
    // Bounded by the expected replicas, once they are known.
    if (this.#replicas !== null || this.#done.size < 10_000) this.#done.add(replicaId);
    if (this.#replicas !== null && this.#silent().length === 0) this.end();
  }

  end(): void {
    this.#over.resolve();
  }

  async until(replicas: readonly Present[]): Promise<readonly Present[]> {
    this.#replicas = replicas;
    const silent = this.#silent();
    if (silent.length === 0) return silent;
    const maxMs = silent.reduce((most, { whileDisconnectedMs }) => Math.max(most, whileDisconnectedMs), 0);
    const timer = setTimeout(() => this.end(), maxMs + marginMs);
    await this.#over.promise;
    clearTimeout(timer);
    return this.#silent();
  }

  #silent(): readonly Present[] {
    return (this.#replicas ?? []).filter(({ replicaId }) => !this.#done.has(replicaId));
  }
}
