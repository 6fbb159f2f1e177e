/**
 * The latest differences between the active rules and a candidate: which callers the candidate would have treated differently,
 * without secrets.
 */
import type { Decision } from '../../core/decision.ts';
import { type Comparison, refusalOf } from './compare-decisions.ts';
import type { Decided } from './decide-alike.ts';

/** Plain data, serializable as JSON. Contains no query, header or credential. */
export interface ShadowDifference {
  /** ISO 8601. */
  readonly at: string;
  readonly difference: Exclude<Comparison, 'same' | 'undecided'>;
  readonly method: string;
  readonly host: string;
  /** Canonical, without anything after a semicolon; at most 1024 characters. */
  readonly path: string;
  readonly live: Side;
  readonly candidate: Side;
  /** Roles of the identity as the Auth API returned them; null: the request needed no identity. */
  readonly roles: readonly string[] | null;
}

interface Side {
  readonly outcome: Decision['outcome'];
  readonly route: string | null;
  /** The reason, or the word of a condition. */
  readonly reason: string | null;
}

const capacity = 256;
const maxRoles = 32;

export class ShadowRing {
  readonly #entries: ShadowDifference[] = [];
  #next = 0;

  add(
    difference: ShadowDifference['difference'],
    { decision, resolution }: Decided,
    candidate: Decision,
    nowMs: number,
  ): void {
    const { method = '', host = '', path = '' } = decision.request ?? candidate.request ?? {};
    this.#entries[this.#next] = {
      at: new Date(nowMs).toISOString(),
      difference,
      method: method.slice(0, 32),
      host: host.slice(0, 255),
      path: path.replace(/(?:;|%3B)[^/]*/g, ';...').slice(0, 1024),
      live: sideOf(decision),
      candidate: sideOf(candidate),
      roles: resolution?.identity?.roles.slice(0, maxRoles) ?? null,
    };
    this.#next = (this.#next + 1) % capacity;
  }

  /** Newest first. */
  entries(): readonly ShadowDifference[] {
    return [...this.#entries.slice(this.#next), ...this.#entries.slice(0, this.#next)].reverse();
  }
}

function sideOf(decision: Decision): Side {
  return { outcome: decision.outcome, route: decision.route?.id ?? null, reason: refusalOf(decision) };
}
