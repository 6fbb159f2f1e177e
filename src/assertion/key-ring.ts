/**
 * When a signing key is created, published, used and dropped. Pure rules on a list of keys, oldest first: replicas with the same list and
 * clock agree without communication. A key is published `overlapMs` before it signs, and stays published until everything that it signed
 * has expired and `overlapMs` more have passed.
 */

export type Algorithm = 'EdDSA' | 'ES256';

/** Members of a private JWK (RFC 7517) with Ed25519 or P-256. */
export interface PrivateJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y?: string;
  readonly d: string;
}

export interface RingKey {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly jwk: PrivateJwk;
  readonly signsFromMs: number;
}

export interface Rotation {
  /** Algorithm of new keys. */
  readonly algorithm: Algorithm;
  /** How long a key signs. */
  readonly rotateMs: number;
  readonly overlapMs: number;
}

/** No assertion lives longer. */
export const maxLifetimeMs = 60_000;
/** More are never published. */
export const maxKeys = 8;

/** The newest active key. If the clock is behind there may be none: then the oldest. */
export function signingKey<Key extends Pick<RingKey, 'signsFromMs'>>(keys: readonly Key[], nowMs: number): Key | null {
  return keys.findLast(({ signsFromMs }) => signsFromMs <= nowMs) ?? keys[0] ?? null;
}

/** Keys of both lists, without those whose assertions have all expired. */
export function joinRings(
  mine: readonly RingKey[],
  theirs: readonly RingKey[],
  nowMs: number,
  overlapMs: number,
): readonly RingKey[] {
  const byKid = new Map([...mine, ...theirs].map((key) => [key.kid, key]));
  const all = [...byKid.values()].sort((a, b) => a.signsFromMs - b.signsFromMs || (a.kid < b.kid ? -1 : 1));
  const needed = all.filter((_, index) => {
    const successor = all[index + 1];
    return successor === undefined || successor.signsFromMs + maxLifetimeMs + overlapMs > nowMs;
  });
  return needed.slice(-maxKeys);
}

/** When the next key must start signing, if it must be created now; null: not yet. At most one key waits for its start. */
export function nextKeyFromMs(keys: readonly RingKey[], nowMs: number, rotation: Rotation): number | null {
  const newest = keys.at(-1);
  // No key was published yet, so it can sign at once.
  if (newest === undefined) return nowMs;
  if (newest.signsFromMs > nowMs) return null;
  const { algorithm, rotateMs, overlapMs } = rotation;
  const earliestMs = nowMs + overlapMs;
  if (newest.algorithm !== algorithm) return earliestMs;
  const dueMs = newest.signsFromMs + rotateMs;
  return dueMs > earliestMs ? null : earliestMs;
}
