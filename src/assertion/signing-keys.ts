/** The keys of this process at any moment: which one signs, and what is published. */
import type { JWK } from 'jose';
import type { Algorithm, PrivateJwk } from './key-ring.ts';

/** A key that can sign at once. */
export interface ReadyKey {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly privateKey: CryptoKey;
  readonly published: JWK;
  readonly signsFromMs: number;
}

/** A JWK Set (RFC 7517 section 5), with its response headers. */
export interface PublishedKeys {
  readonly type: 'application/jwk-set+json';
  readonly text: string;
  readonly cacheControl: string;
}

export interface SigningKeys {
  /** Null: not yet. */
  current(nowMs: number): ReadyKey | null;
  /** The same, once there is a key or its absence is known. */
  awaited(nowMs: number): Promise<ReadyKey | null>;
  /** Null: there is no key yet. */
  published(): PublishedKeys | null;
  /** Fetches keys of other replicas now, and creates a due key. Never rejects. */
  sync(): Promise<void>;
  close(): void;
}

/** Loaded with the first key: a gateway without signed identities should not pay for it. */
export const loadJose = (): Promise<typeof import('jose')> => import('jose');

/** `kid`: if unset, the thumbprint of the key (RFC 7638). */
export async function readyKey(
  algorithm: Algorithm,
  jwk: PrivateJwk,
  kid: string | null,
  signsFromMs: number,
): Promise<ReadyKey> {
  const { calculateJwkThumbprint, importJWK } = await loadJose();
  const { d: _, ...publicJwk } = jwk;
  const id = kid ?? (await calculateJwkThumbprint(publicJwk));
  const privateKey = (await importJWK(jwk, algorithm, { extractable: false })) as CryptoKey;
  return {
    kid: id,
    algorithm,
    privateKey,
    published: { ...publicJwk, kid: id, alg: algorithm, use: 'sig' },
    signsFromMs,
  };
}

/** Half of the shortest overlap, so that cached key sets contain a key before it signs. */
const keptS = 300;

export function publish(keys: readonly ReadyKey[]): PublishedKeys | null {
  if (keys.length === 0) return null;
  const text = JSON.stringify({ keys: keys.map(({ published }) => published) });
  return { type: 'application/jwk-set+json', text, cacheControl: `public, max-age=${keptS}` };
}
