/** Names of credentials outside the process. An HMAC, because a plain hash could be tested against stolen tokens offline. */
import { createHash, createHmac, type KeyObject } from 'node:crypto';
import type { Credential } from '../../core/credential/credential.ts';
import { deriveKey } from '../../sealing/derive-key.ts';
import { jwtHeader } from '../jwt-form.ts';

/** Separate keys, so that a name can never serve as the proof of an entry. */
export interface SecretKeys {
  /** Names credentials. */
  readonly lookup: KeyObject;
  /** Authenticates entries. */
  readonly entry: KeyObject;
}

/** Keys of the current secret, under which everything is written, and of the previous ones. */
export interface CacheKeys extends SecretKeys {
  /** The newest first. */
  readonly previous: readonly SecretKeys[];
}

/**
 * Derives the keys from `cache.secret` by HKDF (RFC 5869). `rules` (`verdictRules`): replicas with the same secret share verdicts of a
 * source only if these are equal too; otherwise they neither find nor accept each other's. If empty: for names that apply to all sources.
 */
export function deriveCacheKeys(
  secret: string | Uint8Array,
  previousSecrets: readonly string[] = [],
  rules = '',
): CacheKeys {
  const of = rules === '' ? '' : ` ${digest(rules)}`;
  const keysOf = (one: string | Uint8Array): SecretKeys => ({
    lookup: deriveKey(one, `rolegate verdict lookup${of}`),
    entry: deriveKey(one, `rolegate verdict entry${of}`),
  });
  return { ...keysOf(secret), previous: previousSecrets.map(keysOf) };
}

/** Rules can be long; HKDF accepts 1024 bytes. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

/**
 * Every name under which replicas may know the credential now: the current one first. For revocations. A JWT has names without
 * its signature, too: of a signature by ECDSA anyone can make another one that is good (`s` and `n - s`, FIPS 186-5 section
 * 6.4.2 accepts both), which would be another token than the one that was revoked.
 */
export function lookupKeys(credential: Credential, keys: CacheKeys): readonly string[] {
  const all = [keys, ...keys.previous];
  const names = all.map((one) => lookupKey(credential, one));
  const signed = credential.kind === 'bearer' ? signedPartOf(credential.token) : null;
  if (signed === null) return names;
  return [...names, ...all.map((one) => nameOf(`signed:${lengthPrefixed(signed)}`, one))];
}

const signedPart = /^[\w-]+\.[\w-]+(?=\.[\w-]+$)/;

/** Header and claims of a JWT; null: it is none. Other tokens of three parts (PASETO) share their first two with those of other users. */
function signedPartOf(token: string): string | null {
  const signed = signedPart.exec(token)?.[0] ?? null;
  return signed === null || jwtHeader(token) === null ? null : signed;
}

/**
 * HMAC-SHA-256 over the kind and every length-prefixed part of the credential, as 43 characters of base64url. UTF-16 keeps any two
 * different strings different; UTF-8 would fold lone surrogates together.
 */
export function lookupKey(credential: Credential, { lookup }: Pick<SecretKeys, 'lookup'>): string {
  return nameOf(`${credential.kind}:${partsOf(credential).map(lengthPrefixed).join('')}`, { lookup });
}

function nameOf(text: string, { lookup }: Pick<SecretKeys, 'lookup'>): string {
  return createHmac('sha256', lookup).update(text, 'utf16le').digest('base64url');
}

function partsOf(credential: Credential): readonly string[] {
  switch (credential.kind) {
    case 'bearer':
      return [credential.token];
    case 'keyPair':
      return [credential.apiKey, credential.apiSecret];
    case 'apiKey':
      return [credential.key];
    case 'session':
      return [credential.id];
    case 'certificate':
      return [credential.fingerprint];
  }
}

function lengthPrefixed(part: string): string {
  return `${part.length}:${part}`;
}
