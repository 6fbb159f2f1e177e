/**
 * A verdict in Redis: its proof, and JSON. An attacker who can write to Redis must not be able to create an identity, so the proof
 * (HMAC-SHA-256) covers the version, the lookup key and the JSON: an entry of another credential copied over this one, or of another
 * version, does not verify. Decoding is strict and never throws.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Credential } from '../../core/credential/credential.ts';
import { type Claims, claimTypes, readClaimValue } from '../../core/identity/claims.ts';
import { type Identity, type Rejection, rejections } from '../../core/identity/identity.ts';
import { freezeIdentity, isDisplayName, isIdentifier, isNameList } from '../../core/identity/identity-fields.ts';
import { lives, type Verdict } from '../verdict.ts';

/** Changes with every change of the JSON's shape or meaning (since 8, with the certificate to which a token is bound); entries of other versions are misses. */
const version = 8;
const proofBytes = 32;

/** Larger entries are not shared, and not accepted. */
export const maxEntryBytes = 16_384;

/** The entry, or null if it is too large to share. */
export function encodeEntry(
  { identity, askedAtMs, endMs, rejection }: Verdict,
  lookup: string,
  key: KeyObject,
): Buffer | null {
  const json = Buffer.from(
    JSON.stringify({ identity: identity === null ? null : plainIdentity(identity), askedAtMs, endMs, rejection }),
  );
  if (proofBytes + json.length > maxEntryBytes) return null;
  return Buffer.concat([proofOf(json, lookup, key), json]);
}

/**
 * The verdict, or null for anything but an unexpired entry of exactly this credential under this key. `kind` is the credential's; it is
 * part of the lookup key, so it need not be in the JSON.
 */
export function decodeEntry(
  bytes: Buffer,
  lookup: string,
  kind: Credential['kind'],
  key: KeyObject,
  nowMs: number,
): Verdict | null {
  if (!isAuthentic(bytes, lookup, key)) return null;
  const verdict = readVerdict(bytes.subarray(proofBytes), kind);
  return verdict !== null && lives(verdict, nowMs) ? verdict : null;
}

/** Whether a holder of the key has written it. */
export function isAuthentic(bytes: Buffer, lookup: string, key: KeyObject): boolean {
  if (bytes.length <= proofBytes || bytes.length > maxEntryBytes) return false;
  return timingSafeEqual(bytes.subarray(0, proofBytes), proofOf(bytes.subarray(proofBytes), lookup, key));
}

function proofOf(json: Buffer, lookup: string, key: KeyObject): Buffer {
  return createHmac('sha256', key).update(`${version}:${lookup.length}:${lookup}`).update(json).digest();
}

/** JSON has no `Infinity`: null means a credential without an end. Rare fields are absent if the identity lacks them. */
function plainIdentity({ kind: _, expireAtMs, authenticatedAtMs, claims, ...fields }: Identity): object {
  return {
    ...fields,
    expireAtMs: Number.isFinite(expireAtMs) ? expireAtMs : null,
    ...(authenticatedAtMs === null ? {} : { authenticatedAtMs }),
    ...(Object.keys(claims).length === 0 ? {} : { claims }),
  };
}

/** Each field must be valid as in a response of the Auth API, although only a holder of the secret can have written it. */
function readVerdict(json: Buffer, kind: Credential['kind']): Verdict | null {
  const read = parseObject(json.toString('utf8'));
  if (read === null) return null;
  const { identity: fields, askedAtMs, endMs, rejection } = read;
  if (!isMoment(askedAtMs) || !isMoment(endMs)) return null;
  if (fields === null) return { identity: null, askedAtMs, endMs, ...(isRejection(rejection) ? { rejection } : {}) };
  const identity = readIdentity(fields, kind);
  return identity === null || endMs > identity.expireAtMs ? null : { identity, askedAtMs, endMs };
}

function readIdentity(fields: unknown, kind: Credential['kind']): Identity | null {
  if (typeof fields !== 'object' || fields === null) return null;
  const { source, acceptedBy, userId, roles, groups, alias, fullName, sessionId, keyId, tokenId } = fields as Record<
    string,
    unknown
  >;
  const { issuedAtMs, expireAtMs, authenticatedAtMs = null, claims = {}, boundTo } = fields as Record<string, unknown>;
  if (!isIdentifier(source) || !isIdentifier(acceptedBy)) return null;
  if (!isIdentifier(userId) || !isNameList(roles) || !isNameList(groups)) return null;
  if (!isIdOrNull(sessionId) || !isIdOrNull(keyId) || !isIdOrNull(tokenId)) return null;
  if (!(alias === null || isDisplayName(alias)) || !(fullName === null || isDisplayName(fullName))) return null;
  if (!isMomentOrNull(issuedAtMs) || !isMomentOrNull(authenticatedAtMs) || !isMomentOrNull(expireAtMs)) return null;
  if (!isClaims(claims) || !(boundTo === undefined || isIdentifier(boundTo))) return null;
  const names = { kind, source, acceptedBy, userId, roles, groups, alias, fullName, sessionId, keyId, tokenId };
  const moments = { issuedAtMs, authenticatedAtMs, expireAtMs: expireAtMs ?? Number.POSITIVE_INFINITY };
  return freezeIdentity({ ...names, ...moments, claims, ...(boundTo === undefined ? {} : { boundTo }) });
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function isRejection(value: unknown): value is Rejection {
  return rejections.some((word) => word === value);
}

/** Their types are the declared ones: entries under other declarations do not verify. */
function isClaims(value: unknown): value is Claims {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every(
    (one) => one === null || claimTypes.some((type) => readClaimValue(one, type) !== null),
  );
}

function isIdOrNull(value: unknown): value is string | null {
  return value === null || isIdentifier(value);
}

function isMomentOrNull(value: unknown): value is number | null {
  return value === null || isMoment(value);
}

function isMoment(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
