/**
 * The newest decision records of this process, found by an id of their request; bounded in number and size. When there are too many, the
 * oldest record of the most frequent reason goes: a flood of one reason removes only its own.
 */
import type { EvictionEvents } from '../metrics/decision-metrics.ts';

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
  readonly keyId: string | null;
  /** Address. */
  readonly client: string;
  /** JSON. */
  readonly text: string;
}

export interface DecisionFilter {
  readonly route?: string;
  readonly reason?: string;
  readonly user?: string;
  readonly key?: string;
  readonly client?: string;
  /** Milliseconds since the epoch, inclusive. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

/** Of all texts together, in UTF-16 units. */
const maxText = 16 * 1024 * 1024;

export class RecentDecisions {
  readonly #most: number;
  readonly #keepMs: number;
  readonly #evicted: EvictionEvents['evicted'];
  /** By reason, each in order of age. */
  readonly #groups = new Map<string | null, Set<KeptDecision>>();
  /** Two maps: a client may choose the id of its request, even the error id of another one. */
  readonly #byErrorId = new Map<string, KeptDecision>();
  readonly #byRequestId = new Map<string, KeptDecision>();
  #size = 0;
  #textLength = 0;

  constructor(most: number, keepMs: number, evicted: EvictionEvents['evicted']) {
    this.#most = most;
    this.#keepMs = keepMs;
    this.#evicted = evicted;
  }

  get size(): number {
    return this.#size;
  }

  add(record: KeptDecision): void {
    const group = this.#groups.get(record.reason) ?? new Set();
    this.#groups.set(record.reason, group.add(record));
    if (record.errorId !== null) this.#byErrorId.set(record.errorId, record);
    if (record.requestId !== '') this.#byRequestId.set(record.requestId, record);
    this.#size += 1;
    this.#textLength += record.text.length;
    for (const one of this.#groups.values()) {
      for (const oldest of one) {
        if (oldest.atMs + this.#keepMs > record.atMs) break;
        this.#forget(oldest, one);
      }
    }
    while (this.#size > this.#most || this.#textLength > maxText) {
      const largest = [...this.#groups.values()].reduce((a, b) => (b.size > a.size ? b : a));
      const [oldest] = largest;
      this.#forget(oldest!, largest);
      this.#evicted('memory', 1, record.atMs - oldest!.atMs);
    }
  }

  find(id: string, nowMs: number): KeptDecision | null {
    const candidates = [this.#byErrorId.get(id), this.#byRequestId.get(id)];
    return candidates.find((one) => one !== undefined && one.atMs + this.#keepMs > nowMs) ?? null;
  }

  list(filter: DecisionFilter, most: number, nowMs: number): readonly KeptDecision[] {
    const matches = [...this.#groups.values()].flatMap((group) =>
      [...group].filter((record) => record.atMs + this.#keepMs > nowMs && fits(record, filter)),
    );
    return newest(matches, most);
  }

  #forget(record: KeptDecision, group: Set<KeptDecision>): void {
    group.delete(record);
    this.#size -= 1;
    this.#textLength -= record.text.length;
    // A client can reuse the id of another request.
    if (this.#byErrorId.get(record.errorId ?? '') === record) this.#byErrorId.delete(record.errorId ?? '');
    if (this.#byRequestId.get(record.requestId) === record) this.#byRequestId.delete(record.requestId);
  }
}

export function fits(record: KeptDecision, filter: DecisionFilter): boolean {
  const { route, reason, user, key, client, sinceMs = -Infinity, untilMs = Infinity } = filter;
  return (
    (route === undefined || route === record.route) &&
    (reason === undefined || reason === record.reason) &&
    (user === undefined || user === record.userId) &&
    (key === undefined || key === record.keyId) &&
    (client === undefined || client === record.client) &&
    record.atMs >= sinceMs &&
    record.atMs <= untilMs
  );
}

/** Each once, the newest first. Of several copies of a record, the first one is used. */
export function newest(records: readonly KeptDecision[], most: number): readonly KeptDecision[] {
  const once = new Map<string, KeptDecision>();
  for (const record of records) {
    const key = JSON.stringify([record.atMs, record.errorId, record.requestId]);
    if (!once.has(key)) once.set(key, record);
  }
  // Of the same millisecond, the one that was added later.
  return [...once.values()]
    .reverse()
    .sort((a, b) => b.atMs - a.atMs)
    .slice(0, most);
}

/** Of records with this id, the one whose response had it: a client may choose the id of its request. */
export function byErrorIdFirst(id: string, records: readonly KeptDecision[]): KeptDecision | null {
  return records.find(({ errorId }) => errorId === id) ?? records[0] ?? null;
}
