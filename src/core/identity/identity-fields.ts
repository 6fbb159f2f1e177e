/**
 * Valid forms of identity fields. Checked in every response of the Auth API and in every entry from Redis, without coercion: a string is
 * never treated as a list of roles, nor a list as a string.
 */

import { type Claims, type ClaimValue, listText, noClaims } from './claims.ts';
import type { Identity } from './identity.ts';

/** Identifiers are used unchanged in headers, logs and keys: visible ASCII without blanks. */
const identifier = /^[\x21-\x7e]{1,256}$/;

const displayName = /^[^\p{Cc}]{0,256}$/u;

/** The last second that a `Date` can hold. */
const lastSecond = 8_640_000_000_000;

export function isIdentifier(value: unknown): value is string {
  return typeof value === 'string' && identifier.test(value);
}

/** Names of roles or groups. */
export function isNameList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && listText.test(item));
}

/** An alias or a full name: for display only, never used in decisions. */
export function isDisplayName(value: unknown): value is string {
  return typeof value === 'string' && displayName.test(value);
}

/** Whole seconds since the epoch. */
export function isUnixSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= lastSecond;
}

/** All requests with a credential share its identity, so none of them may change it. */
export function freezeIdentity(identity: Identity): Identity {
  const { kind, source, acceptedBy, userId, alias, fullName, sessionId, keyId, tokenId } = identity;
  const { issuedAtMs, authenticatedAtMs, expireAtMs, boundTo } = identity;
  const [roles, groups] = [Object.freeze([...identity.roles]), Object.freeze([...identity.groups])];
  const names = { kind, source, acceptedBy, userId, roles, groups, alias, fullName, sessionId, keyId, tokenId };
  const claims = freezeClaims(identity.claims);
  const binding = boundTo === undefined ? {} : { boundTo };
  return Object.freeze({ ...names, issuedAtMs, authenticatedAtMs, claims, expireAtMs, ...binding });
}

function freezeClaims(claims: Claims): Claims {
  const entries = Object.entries(claims);
  if (entries.length === 0) return noClaims;
  const frozen = Object.create(null) as Record<string, ClaimValue | null>;
  for (const [name, value] of entries) frozen[name] = Array.isArray(value) ? Object.freeze([...value]) : value;
  return Object.freeze(frozen);
}
