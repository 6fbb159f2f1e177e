/**
 * Names of credentials. In the memory of the process a credential is its own key: hashing it for each request would cost
 * more than the look-up, and the request that presents it is in the same memory. Everywhere else it is known by an HMAC,
 * as a plain hash could be tested against stolen tokens offline.
 */
import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { Credential } from '../../core/credential/credential.ts';

/**
 * The key in memory; never logged, never sent. Unambiguous: the kind comes first, and the length keeps pairs apart that
 * differ only in where the key ends. Without them, `ab` + `c` and `a` + `bc` would share a verdict (CVE-2021-32701). A
 * text put together here also does not hold the head of the request that the credential was cut out of.
 */
export function memoryKey(credential: Credential): string {
  if (credential.kind === 'bearer') return `bearer:${credential.token}`;
  return `key_pair:${credential.apiKey.length}:${credential.apiKey}${credential.apiSecret}`;
}

const pair = /^key_pair:(\d+):/;

/** The credential with this key. */
export function credentialOf(key: string): Credential {
  const [head, length] = pair.exec(key) ?? [];
  if (head === undefined) return { kind: 'bearer', token: key.slice('bearer:'.length) };
  const keyEnd = head.length + Number(length);
  return { kind: 'key_pair', apiKey: key.slice(head.length, keyEnd), apiSecret: key.slice(keyEnd) };
}

/** Apart from each other, so that a name can never serve as the proof of an entry. */
export interface SecretKeys {
  /** Names credentials. */
  readonly lookup: KeyObject;
  /** Authenticates entries. */
  readonly entry: KeyObject;
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

function subkey(secret: string | Uint8Array, purpose: string): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', secret, '', purpose, 32)));
}

/** Every name under which replicas may know the credential now: the current one first. For revocations. */
export function lookupKeys(credential: Credential, keys: CacheKeys): readonly string[] {
  return [keys, ...keys.previous].map((one) => lookupKey(credential, one));
}

/**
 * HMAC-SHA-256 over the kind and every part of the credential with its length in front, as 43 characters of base64url.
 * UTF-16 keeps any two different strings different; UTF-8 would fold lone surrogates together.
 */
export function lookupKey(credential: Credential, { lookup }: Pick<SecretKeys, 'lookup'>): string {
  const text =
    credential.kind === 'bearer'
      ? `bearer:${lengthPrefixed(credential.token)}`
      : `key_pair:${lengthPrefixed(credential.apiKey)}${lengthPrefixed(credential.apiSecret)}`;
  return createHmac('sha256', lookup).update(text, 'utf16le').digest('base64url');
}

function lengthPrefixed(part: string): string {
  return `${part.length}:${part}`;
}
