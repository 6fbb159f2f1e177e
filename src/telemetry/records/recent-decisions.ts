/** The newest decision records of this process, found by an id of their request; bounded in number and size. */

/** The text of a record, and the fields by which it is found and listed. */
export interface KeptDecision {
  readonly atMs: number;
  /** `x-error-id`; null: the response had none. */
  readonly errorId: string | null;
  /** Empty: the request had none. */
  readonly requestId: string;
  readonly route: string | null;
  readonly reason: string | null;
  readonly userId: string | null;
  /** JSON. */
  readonly text: string;
}

export interface DecisionFilter {
  readonly route?: string;
  readonly reason?: string;
  readonly user?: string;
}

/** Of all texts together, in UTF-16 units. */
const mostText = 16 * 1024 * 1024;

export class RecentDecisions {
  readonly #most: number;
  readonly #keepMs: number;
  /** In order of their age. */
  readonly #all = new Set<KeptDecision>();
  readonly #byId = new Map<string, KeptDecision>();
  #textLength = 0;

  constructor(most: number, keepMs: number) {
    this.#most = most;
    this.#keepMs = keepMs;
  }

  get size(): number {
    return this.#all.size;
  }

  add(record: KeptDecision): void {
    this.#all.add(record);
    for (const id of idsOf(record)) this.#byId.set(id, record);
    this.#textLength += record.text.length;
    for (const oldest of this.#all) {
      const fits = this.#all.size <= this.#most && this.#textLength <= mostText;
      if (fits && oldest.atMs + this.#keepMs > record.atMs) break;
      this.#forget(oldest);
    }
  }

  find(id: string, nowMs: number): KeptDecision | null {
    const found = this.#byId.get(id);
    return found !== undefined && found.atMs + this.#keepMs > nowMs ? found : null;
  }

  /** The newest first. */
  list(filter: DecisionFilter, most: number, nowMs: number): readonly KeptDecision[] {
    return [...this.#all]
      .reverse()
      .filter((record) => record.atMs + this.#keepMs > nowMs && fits(record, filter))
      .slice(0, most);
  }

  #forget(record: KeptDecision): void {
    this.#all.delete(record);
    this.#textLength -= record.text.length;
    // A client can reuse the id of another request.
    for (const id of idsOf(record)) if (this.#byId.get(id) === record) this.#byId.delete(id);
  }
}

export function fits({ route, reason, userId }: KeptDecision, filter: DecisionFilter): boolean {
  if (filter.route !== undefined && filter.route !== route) return false;
  if (filter.reason !== undefined && filter.reason !== reason) return false;
  return filter.user === undefined || filter.user === userId;
}

function idsOf({ errorId, requestId }: KeptDecision): string[] {
  return [errorId ?? '', requestId].filter((id) => id !== '');
}
