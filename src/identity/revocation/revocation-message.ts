/**
 * The messages about revocations. Parsed strictly and without exceptions: anything else is an invalid message. A message of an unknown
 * version may mean anything, so it revokes everything.
 */
import { isIdentifier } from '../../core/identity/identity-fields.ts';
import { isIssuer } from './revoked-names.ts';
import type { Revocation } from './tombstones.ts';

/**
 * Version 1 has no tokens, sources or issue times, version 2 only names of sources, and nothing of sources that are called alone. The first that is sufficient is
 * used, for gateways that support no later one.
 */
const versions = [1, 2, 3] as const;
type Version = (typeof versions)[number];

/** The documented form is much shorter. */
export const maxAnnouncedBytes = 512;
/** Between gateways, and in the log. */
export const maxToldBytes = 2_048;
/** Names of one credential: under the current secret and up to 8 previous ones, of a JWT with and without its signature. */
export const maxLookups = 18;
const lookup = /^[A-Za-z0-9_-]{43}$/;
/** An issuer, or the name of a source. */
const sourceForm = /^[\x21-\x7e]{1,512}$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export interface Message {
  readonly revocation: Revocation;
  /** To be acknowledged under `id`, to the gateway `from`; null: no acknowledgement is expected. */
  readonly sender: { readonly id: string; readonly from: string } | null;
}

/** `atMs`: milliseconds since the epoch, for logs alone. */
export function encodeMessage({ revocation, sender }: Message, atMs: number): string {
  const fields = revocation.kind === 'all' ? { ...revocation, id: null } : revocation;
  return JSON.stringify({
    v: versionOf(revocation),
    ...fields,
    atMs,
    ...(sender === null ? {} : { rid: sender.id, from: sender.from }),
  });
}

function versionOf(revocation: Revocation): Version {
  if ('of' in revocation) return 3;
  const source = 'source' in revocation ? revocation.source : undefined;
  if (source !== undefined) return isIssuer(source) ? 3 : 2;
  return revocation.kind === 'token' || 'issuedBeforeMs' in revocation ? 2 : 1;
}

/** Null: an invalid message. */
export function decodeMessage(bytes: Uint8Array, maxBytes: number): Message | null {
  if (bytes.length > maxBytes) return null;
  const fields = parseObject(bytes);
  if (fields === null || typeof fields['v'] !== 'number') return null;
  const { rid, from } = fields;
  const sender = isUuid(rid) && isUuid(from) ? { id: rid, from } : null;
  const version = versions.find((known) => known === fields['v']);
  if (version === undefined) return { revocation: { kind: 'all' }, sender };
  const revocation = revocationOf(fields, version);
  return revocation === null ? null : { revocation, sender };
}

function revocationOf(fields: Record<string, unknown>, version: Version): Revocation | null {
  const { kind, id, lookups } = fields;
  switch (kind) {
    case 'all':
      return version === 3 && fields['of'] === 'called' ? { kind, of: 'called' } : { kind };
    case 'session':
    case 'keyPair':
      return isIdentifier(id) ? scoped({ kind, id }, fields, version) : null;
    // Its former name: with an Auth API that still sends it, a revoked key pair must not stay valid.
    case 'keypair':
      return isIdentifier(id) ? scoped({ kind: 'keyPair', id }, fields, version) : null;
    case 'token':
      return isIdentifier(id) && version > 1 ? scoped({ kind, id }, fields, version) : null;
    case 'user': {
      const { issuedBeforeMs } = fields;
      if (!isIdentifier(id)) return null;
      if (version === 1 || issuedBeforeMs === undefined) return scoped({ kind, id }, fields, version);
      return isMoment(issuedBeforeMs) ? scoped({ kind, id, issuedBeforeMs }, fields, version) : null;
    }
    case 'credential':
      return isLookups(lookups) ? { kind, lookups } : null;
    default:
      return null;
  }
}

/** Null: its source is not valid. */
function scoped(revocation: Revocation, fields: Record<string, unknown>, version: Version): Revocation | null {
  const { source, anyCase } = fields;
  if (version === 1 || source === undefined) return revocation;
  if (typeof source !== 'string' || !sourceForm.test(source) || (version < 3 && isIssuer(source))) return null;
  return { ...revocation, source, ...(anyCase === true ? { anyCase } : {}) } as Revocation;
}

function isMoment(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isLookups(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxLookups) return false;
  return value.every((one) => typeof one === 'string' && lookup.test(one));
}

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && uuid.test(value);
}

function parseObject(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
