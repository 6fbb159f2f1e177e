/** What was revoked as plain data, for another process of this machine. */
import type { SourceMoments } from './moments.ts';
import type { NamedKind } from './tombstones.ts';

/** `lost`: by source, until when evicted names were revoked. */
export interface NamedData {
  readonly names: readonly (readonly [name: string, atMs: number])[];
  readonly lost: readonly (readonly [source: string, untilMs: number])[];
}

/** Times in milliseconds since the epoch; null: none yet. */
export interface TombstoneData {
  readonly allMs: number | null;
  readonly issuedMs: number | null;
  readonly namedMs: number | null;
  /** The oldest of a source first. */
  readonly ids: Readonly<Record<NamedKind, NamedData>>;
  readonly issued: NamedData;
  readonly credentials: readonly (readonly [lookup: string, atMs: number])[];
}

export function dataOf(moments: SourceMoments): NamedData {
  return { names: [...moments], lost: moments.lost };
}

export function finiteOrNull(moment: number): number | null {
  return Number.isFinite(moment) ? moment : null;
}
