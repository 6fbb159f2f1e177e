/**
 * The key ring in Redis: encrypted and authenticated (AES-256-GCM) under a key derived from `cache.secret`. Reading Redis reveals no key,
 * and writing to it cannot add one. Opening is strict and never throws.
 */
import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { openText, sealText } from '../sealing/sealed-text.ts';
import { maxKeys, type RingKey } from './key-ring.ts';

/** Under one secret. The name is derived, too: a ring under another secret is not overwritten. */
export interface RingSecret {
  readonly key: KeyObject;
  /** Part of the ring's name in Redis. */
  readonly name: string;
}

/** Changes with every change of the JSON's shape. */
const version = 1;
/** Larger ones are not accepted. */
export const maxRingBytes = 16_384;

const base64url = z.string().regex(/^[\w-]{1,128}$/);
const ring = z
  .array(
    z.strictObject({
      kid: base64url,
      algorithm: z.enum(['EdDSA', 'ES256']),
      jwk: z.strictObject({
        kty: z.enum(['OKP', 'EC']),
        crv: z.enum(['Ed25519', 'P-256']),
        x: base64url,
        y: base64url.optional(),
        d: base64url,
      }),
      signsFromMs: z.int().min(0),
    }),
  )
  .max(maxKeys);

/** By HKDF (RFC 5869), separate from every other use of the secret. */
export function deriveRingSecret(secret: string): RingSecret {
  const derive = (purpose: string, length: number) => new Uint8Array(hkdfSync('sha256', secret, '', purpose, length));
  return {
    key: createSecretKey(derive('rolegate identity keys', 32)),
    name: Buffer.from(derive('rolegate identity keys name', 12)).toString('base64url'),
  };
}

export function sealRing(keys: readonly RingKey[], { key, name }: RingSecret): Buffer {
  return sealText(JSON.stringify(keys), key, contextOf(name));
}

/** Null for anything that was not sealed under this secret. */
export function openRing(bytes: Buffer, { key, name }: RingSecret): readonly RingKey[] | null {
  const text = openText(bytes, key, contextOf(name), maxRingBytes);
  if (text === null) return null;
  try {
    return ring.parse(JSON.parse(text)) as readonly RingKey[];
  } catch {
    return null;
  }
}

function contextOf(name: string): string {
  return `${version}:${name}`;
}
