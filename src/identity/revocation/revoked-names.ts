/**
 * The names under which ids are kept as revoked: an id alone is that of every source. Tokens that the gateway verifies itself belong to their
 * issuer, so that they stay revoked if the configuration renames the source. Ids, issuers and names of sources never contain a line end.
 */
import type { SourceMoments } from './moments.ts';
import type { Revocation } from './tombstones.ts';

/** `source`: only this one's id; its issuer or its name. `anyCase`: regardless of letter case, as without a source. */
export interface RevokedId {
  readonly id: string;
  readonly source?: string;
  readonly anyCase?: true;
}

/** By source, as `ownerOf` names it: its `userPrefix`; those without one are absent. */
export type UserPrefixes = ReadonlyMap<string, string>;

/** By the name of each source: the issuer whose tokens the gateway verifies itself; null: the source is called. */
export type Issuers = ReadonlyMap<string, string | null>;

/** Whose ids a source has: those of an issuer, or its own. Also for a `source` that is already an issuer. */
export function ownerOf(source: string, issuers: Issuers): string {
  return issuers.get(source) ?? source;
}

/** Names of sources do not contain this: those that are called have no issuer here. */
export function isIssuer(source: string): boolean {
  return source.includes('://');
}

export function revokedName({ id, source, anyCase }: RevokedId): string {
  if (source === undefined) return id.toLowerCase();
  return anyCase === true ? `${source}\n\n${id.toLowerCase()}` : `${source}\n${id}`;
}

/**
 * Whether it concerns only results of sources that are called, which end within `cache.accepted`. They have a log of their own: clients of a
 * route with `evict` can fill it, and a gateway that starts refuses all tokens from before the other log.
 */
export function concernsCalled(revocation: Revocation): boolean {
  if (revocation.kind === 'all') return revocation.of === 'called';
  return 'source' in revocation && revocation.source !== undefined && !isIssuer(revocation.source);
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

/**
 * A revocation names a user as the source does, or as the gateway does, with `userPrefix`. The names without it stay right if the
 * configuration changes the prefix.
 */
export function revokedUserNames(revoked: RevokedId, prefixes: UserPrefixes): readonly string[] {
  const names = [revokedName(revoked)];
  const folded = revoked.id.toLowerCase();
  for (const [source, prefix] of prefixes) {
    const concerned = revoked.source === undefined || revoked.source === source;
    if (!concerned || !folded.startsWith(prefix.toLowerCase())) continue;
    names.push(revokedName({ ...revoked, id: revoked.id.slice(prefix.length), source }));
  }
  return names;
}

/** The same as `isNamed`, for the id of a user as the gateway names it. */
export function isUserNamed(
  moments: SourceMoments,
  userId: string | null,
  source: string | null,
  fromMs: number,
  prefixes: UserPrefixes,
): boolean {
  const prefix = source === null ? undefined : prefixes.get(source);
  if (userId === null || prefix === undefined || !userId.startsWith(prefix))
    return isNamed(moments, userId, source, fromMs);
  const own = userId.slice(prefix.length);
  return isNamed(moments, own, source, fromMs) || moments.reaches([userId.toLowerCase()], fromMs);
}
