/** Estimates the memory of an entry of the memory cache; a test measures it. */
import type { Identity } from '../../core/identity/identity.ts';

/** The entry, its result, its places in the maps and its numbers; an identity; one of its claims; the head of a string; of a list. */
const fixedBytes = 420;
const ownIdentityBytes = 128;
const claimBytes = 48;
const stringBytes = 24;
const listHeadBytes = 32;

/** Estimates the memory of an entry, rather too high, for a 64-bit Node. */
export function entryBytes(key: string, lookups: readonly string[], identity: Identity | null): number {
  return fixedBytes + textBytes(key) + listBytes(lookups) + identityBytes(identity);
}

function identityBytes(identity: Identity | null): number {
  if (identity === null) return 0;
  const { userId, roles, groups, alias, fullName, sessionId, keyId, tokenId, claims } = identity;
  let bytes = ownIdentityBytes + listBytes(roles) + listBytes(groups);
  for (const value of Object.values(claims)) {
    bytes += claimBytes;
    if (typeof value === 'string') bytes += textBytes(value);
    else if (Array.isArray(value)) bytes += listBytes(value);
  }
  for (const text of [userId, alias, fullName, sessionId, keyId, tokenId]) bytes += text === null ? 0 : textBytes(text);
  return bytes;
}

function listBytes(list: readonly string[]): number {
  let bytes = listHeadBytes;
  for (const text of list) bytes += 8 + textBytes(text);
  return bytes;
}

/** Two bytes per unit once one of them is beyond Latin-1. */
function textBytes(text: string): number {
  return stringBytes + text.length * (/^[\0-\xff]*$/.test(text) ? 1 : 2);
}
