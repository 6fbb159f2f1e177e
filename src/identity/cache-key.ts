/**
 * Turns a credential into the name under which other processes may know its verdict, and derives the keys for it. No
 * credential and no plain hash of one leaves the process: a plain hash could be tested against stolen tokens offline.
 */
import { hkdfSync } from 'node:crypto';
import type { Credential } from '../core/credential/credential.ts';
import { HmacSha256 } from './hmac-sha256.ts';

/** Apart from each other, so that a name can never serve as the proof of an entry. */
export interface SecretKeys {
  /** Names credentials. */
  readonly lookup: HmacSha256;
  /** Authenticates entries. */
  readonly entry: HmacSha256;
}

/** Keys of the current secret, under which everything is written, and of those before it. */
export interface CacheKeys extends SecretKeys {
  /** The newest first. */
  readonly previous: readonly SecretKeys[];
}

/** Derives the keys from `cache.secret` by HKDF (RFC 5869); replicas that share the secret share verdicts. */
export function deriveCacheKeys(secret: string | Uint8Array, previousSecrets: readonly string[] = []): CacheKeys {
  return { ...keysOf(secret), previous: previousSecrets.map(keysOf) };
}

function keysOf(secret: string | Uint8Array): SecretKeys {
  return { lookup: subkey(secret, 'rolegate verdict lookup'), entry: subkey(secret, 'rolegate verdict entry') };
}

/** Every name under which replicas may know the credential now: the current one first. For revocations. */
export function lookupKeys(credential: Credential, keys: CacheKeys): readonly string[] {
  const current = lookupKey(credential, keys);
  if (keys.previous.length === 0) return [current];
  return [current, ...keys.previous.map((one) => lookupKey(credential, one))];
}

/**
 * HMAC-SHA-256 over the kind and every part of the credential with its length in front, as 43 characters of base64url.
 * Without the lengths, `ab` + `c` and `a` + `bc` would share a verdict (CVE-2021-32701). UTF-16 keeps any two different
 * strings different; UTF-8 would fold lone surrogates together.
 */
export function lookupKey(credential: Credential, keys: Pick<SecretKeys, 'lookup'>): string {
  const text =
    credential.kind === 'bearer'
      ? `bearer:${lengthPrefixed(credential.token)}`
      : `key_pair:${lengthPrefixed(credential.apiKey)}${lengthPrefixed(credential.apiSecret)}`;
  return keys.lookup.digest(text, 'utf16le', 'base64url');
}

function lengthPrefixed(part: string): string {
  return `${part.length}:${part}`;
}

function subkey(secret: string | Uint8Array, purpose: string): HmacSha256 {
  return new HmacSha256(new Uint8Array(hkdfSync('sha256', secret, '', purpose, 32)));
}
