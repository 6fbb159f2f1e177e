/** The names under which ids are kept as revoked: an id alone is that of every source. Ids and names of sources never contain a line end. */
import type { SourceMoments } from './moments.ts';

/** `source`: only this one's id. `anyCase`: regardless of letter case, as without a source. */
export interface RevokedId {
  readonly id: string;
  readonly source?: string;
  readonly anyCase?: true;
}

export function revokedName({ id, source, anyCase }: RevokedId): string {
  if (source === undefined) return id.toLowerCase();
  return anyCase === true ? `${source}\n\n${id.toLowerCase()}` : `${source}\n${id}`;
}

/** Names under which an id of this source may have been revoked. */
function namesOf(id: string, source: string | null): readonly string[] {
  const lower = id.toLowerCase();
  return source === null ? [lower] : [lower, `${source}\n${id}`, `${source}\n\n${lower}`];
}

/** Whether the id was revoked at `fromMs` or later; `lostFromMs`: or may be an evicted one from then on. */
export function isNamed(
  moments: SourceMoments,
  id: string | null,
  source: string | null,
  fromMs: number,
  lostFromMs = fromMs,
): boolean {
  return id !== null && (moments.reaches(namesOf(id, source), fromMs) || moments.hasLost(source, lostFromMs));
}
