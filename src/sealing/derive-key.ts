/** By HKDF (RFC 5869): the key of one purpose, separate from every other use of the secret. */
import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

export function deriveKey(secret: string | Uint8Array, purpose: string, bytes = 32): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', secret, '', purpose, bytes)));
}
