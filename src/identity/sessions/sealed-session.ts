/**
 * Sessions outside the memory of this process: their names are keyed hashes of what cookies and people are called, and their records are
 * sealed, so that a store reveals no cookie, no person and no token, and write access to it does not make a session.
 */
import { createHmac, type KeyObject, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { deriveKey } from '../../sealing/derive-key.ts';
import { openText, sealText } from '../../sealing/sealed-text.ts';
import { deriveCacheKeys, lookupKey, type SecretKeys } from '../cache/cache-key.ts';
import { type SessionBounds, SessionTooLarge, type StoredSession } from './session-store.ts';

/** Under one secret. */
export interface SessionSecret {
  readonly lookup: SecretKeys['lookup'];
  readonly record: KeyObject;
  readonly person: KeyObject;
}

/** Changes with every change of the JSON's shape. */
const version = 2;
/** 150 groups and three tokens with all of them take 20 KB. */
export const maxRecordBytes = 65_536;

const text = z.string();
const moment = z.number();
const record = z.strictObject({
  provider: text,
  issuer: text,
  subject: text,
  claims: z.record(z.string(), z.unknown()),
  providerSession: text.nullable(),
  authenticatedAtMs: moment.nullable(),
  openedAtMs: moment,
  transaction: text,
  usedAtMs: moment,
  device: text,
  address: text,
  tokens: z.strictObject({
    access: text.nullable(),
    id: text.nullable(),
    refresh: text.nullable(),
    expiresAtMs: moment.nullable(),
    receivedAtMs: moment,
  }),
});

/** By HKDF (RFC 5869), the current secret first. */
export function deriveSessionSecrets(
  secret: string | Uint8Array,
  previousSecrets: readonly string[],
): readonly SessionSecret[] {
  return [secret, ...previousSecrets].map((one) => ({
    // As for revocations: a handle is the name that ends the session everywhere.
    lookup: deriveCacheKeys(one).lookup,
    record: deriveKey(one, 'rolegate session record'),
    person: deriveKey(one, 'rolegate session person'),
  }));
}

/** 256 random bits, as 43 characters of base64url. */
export function newSessionId(): string {
  return randomBytes(32).toString('base64url');
}

const idForm = /^[\w-]{43}$/;

/** Whether it can be the id of a session; anything else is none, without a call to the store. */
export function isSessionId(id: string): boolean {
  return idForm.test(id);
}

export function nameOfSession(id: string, { lookup }: SessionSecret): string {
  return lookupKey({ kind: 'session', id }, { lookup });
}

export function nameOfPerson(issuer: string, subject: string, { person }: SessionSecret): string {
  return createHmac('sha256', person)
    .update(JSON.stringify([issuer, subject]))
    .digest('base64url');
}

/** Throws `SessionTooLarge`. */
export function sealSession(session: StoredSession, name: string, { record }: SessionSecret): Buffer {
  const bytes = sealText(JSON.stringify(session), record, `${version}:${name}`);
  if (bytes.length > maxRecordBytes) throw new SessionTooLarge(`the session has more than ${maxRecordBytes} bytes`);
  return bytes;
}

/** Null for anything that was not sealed for this name under this secret. */
export function openSession(bytes: Buffer, name: string, { record: key }: SessionSecret): StoredSession | null {
  const json = openText(bytes, key, `${version}:${name}`, maxRecordBytes);
  if (json === null) return null;
  try {
    return record.parse(JSON.parse(json));
  } catch {
    return null;
  }
}

/** When a session ends by itself. */
export function sessionEndMs(
  { openedAtMs, usedAtMs }: Pick<StoredSession, 'openedAtMs' | 'usedAtMs'>,
  { maxIdleMs, maxLifetimeMs }: SessionBounds,
): number {
  return Math.min(usedAtMs + maxIdleMs, openedAtMs + maxLifetimeMs);
}

/** A use is written down only after this part of `maxIdle`, so that requests do not write. */
const writtenPart = 32;

export function isUseWorthWriting(usedAtMs: number, nowMs: number, { maxIdleMs }: SessionBounds): boolean {
  return nowMs - usedAtMs > maxIdleMs / writtenPart;
}
