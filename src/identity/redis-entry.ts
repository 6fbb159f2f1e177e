/**
 * The bytes under which a verdict lies in Redis: version, proof, payload. Whoever can write to Redis must not be able to
 * mint an identity, so the proof (HMAC-SHA-256) covers the version, the lookup key and the payload: an entry of another
 * credential copied over this one, or of another format, does not verify. Decoding is strict and never throws.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Credential } from '../core/credential/credential.ts';
import type { Identity } from '../core/identity/identity.ts';
import { freezeIdentity, isDisplayName, isIdentifier, isNameList } from './identity-fields.ts';
import { lives, type Verdict } from './verdict.ts';

/** Changes with every change of the payload's shape; entries of other versions are misses. */
const version = 1;
const proofBytes = 32;
const headBytes = 1 + proofBytes;

/** Larger entries are not shared, and not believed. */
export const maxEntryBytes = 16_384;

/** The entry, or null when it is too large to share. */
export function encodeEntry(verdict: Verdict, lookup: string, key: KeyObject): Buffer | null {
  const payload = Buffer.from(JSON.stringify(toFields(verdict)), 'utf8');
  if (headBytes + payload.length > maxEntryBytes) return null;
  return Buffer.concat([Buffer.of(version), prove(lookup, payload, key), payload]);
}

/**
 * The verdict, or null for anything that is not a living entry of exactly this credential under this key. `kind` is
 * the credential's; it is part of the lookup key, so it need not be in the payload.
 */
export function decodeEntry(
  bytes: Uint8Array,
  lookup: string,
  kind: Credential['kind'],
  key: KeyObject,
  nowMs: number,
): Verdict | null {
  if (bytes.length <= headBytes || bytes.length > maxEntryBytes || bytes[0] !== version) return null;
  const payload = bytes.subarray(headBytes);
  if (!timingSafeEqual(prove(lookup, payload, key), bytes.subarray(1, headBytes))) return null;
  const verdict = fromFields(parseJson(payload), kind);
  return verdict !== null && lives(verdict, nowMs) ? verdict : null;
}

function prove(lookup: string, payload: Uint8Array, key: KeyObject): Buffer {
  return createHmac('sha256', key).update(`${version}:${lookup.length}:${lookup}`).update(payload).digest();
}

function parseJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload));
  } catch {
    return null;
  }
}

/** A list rather than an object: half the bytes. An end that never comes is null, for JSON has no infinity. */
function toFields({ identity, askedAtMs, endMs }: Verdict): unknown[] {
  if (identity === null) return [askedAtMs, endMs];
  const { userId, roles, groups, alias, fullName, sessionId, keyId, expireAtMs } = identity;
  const expiry = expireAtMs === Number.POSITIVE_INFINITY ? null : expireAtMs;
  return [askedAtMs, endMs, userId, roles, groups, alias, fullName, sessionId, keyId, expiry];
}

function fromFields(fields: unknown, kind: Credential['kind']): Verdict | null {
  if (!Array.isArray(fields)) return null;
  const [askedAtMs, endMs, userId, roles, groups, alias, fullName, sessionId, keyId, expiry]: unknown[] = fields;
  if (!isMoment(askedAtMs) || !isMoment(endMs)) return null;
  if (fields.length === 2) return { identity: null, askedAtMs, endMs };
  if (fields.length !== 10) return null;
  if (!isIdentifier(userId) || !isNameList(roles) || !isNameList(groups)) return null;
  if (!(alias === null || isDisplayName(alias)) || !(fullName === null || isDisplayName(fullName))) return null;
  if (!(sessionId === null || isIdentifier(sessionId)) || !(keyId === null || isIdentifier(keyId))) return null;
  if (!(expiry === null || isMoment(expiry))) return null;
  const expireAtMs = expiry ?? Number.POSITIVE_INFINITY;
  if (endMs > expireAtMs) return null;
  const identity: Identity = { kind, userId, roles, groups, alias, fullName, sessionId, keyId, expireAtMs };
  return { identity: freezeIdentity(identity), askedAtMs, endMs };
}

function isMoment(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
