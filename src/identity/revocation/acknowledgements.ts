/** Waits until every gateway that hears has done as it was told, or no longer lets anybody in who was in before. */

export interface Present {
  readonly replicaId: string;
  /** How long it lets somebody in at most without hearing. */
  readonly unhearingMs: number;
}

/** A gateway that stopped hearing counts the time by a clock of its own, and timers are late. */
const marginMs = 250;
/** Whoever wrote another number among the replicas: nobody waits longer. */
const longestWaitMs = 10_000;

const present = /^([0-9a-f-]{36}) (\d{1,6})$/;

export function presentName({ replicaId, unhearingMs }: Present): string {
  return `${replicaId} ${unhearingMs}`;
}

/** Null: nothing that a gateway writes. */
export function readPresent(name: string): Present | null {
  const match = present.exec(name);
  return match === null ? null : { replicaId: match[1]!, unhearingMs: Math.min(Number(match[2]), longestWaitMs) };
}

export class Acknowledgements {
  readonly #waiting = new Map<string, Wait>();

  get size(): number {
    return this.#waiting.size;
  }

  /** To be called before anybody can acknowledge. */
  expect(id: string): void {
    this.#waiting.set(id, new Wait());
  }

  acknowledge(id: string, replicaId: string): void {
    this.#waiting.get(id)?.acknowledge(replicaId);
  }

  forget(id: string): void {
    this.#waiting.delete(id);
  }

  /** Resolves with those that stayed silent, after as long as they may believe what they have. */
  async all(id: string, replicas: readonly Present[]): Promise<readonly Present[]> {
    const silent = (await this.#waiting.get(id)?.until(replicas)) ?? [];
    this.forget(id);
    return silent;
  }

  /** Nobody is waited for any longer. */
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
    // Bounded by the replicas that are waited for, once these are known.
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
    const longestMs = silent.reduce((most, { unhearingMs }) => Math.max(most, unhearingMs), 0);
    const timer = setTimeout(() => this.end(), longestMs + marginMs);
    await this.#over.promise;
    clearTimeout(timer);
    return this.#silent();
  }

  #silent(): readonly Present[] {
    return (this.#replicas ?? []).filter(({ replicaId }) => !this.#done.has(replicaId));
  }
}
