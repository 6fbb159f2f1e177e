/**
 * The messages about revocations. Read strictly, and never with an error: anything else is an invalid message. A message of a version that this process does not know may mean anything, so it means everything.
 */
import { isIdentifier } from '../identity-fields.ts';
import type { Revocation } from './tombstones.ts';

const version = 1;

/** The documented form is shorter than this by far. */
export const maxAnnouncedBytes = 256;
/** Between gateways, and in the log. */
export const maxToldBytes = 2_048;
/** Names of one credential: under the current secret, and under previous ones. */
const maxLookups = 16;
const lookup = /^[A-Za-z0-9_-]{43}$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export interface Message {
  readonly revocation: Revocation;
  /** To be acknowledged under `id`, to the gateway `from`; null: no acknowledgement is expected. */
  readonly sender: { readonly id: string; readonly from: string } | null;
}

/** `atMs`: milliseconds since the epoch, for logs alone. */
export function encodeMessage({ revocation, sender }: Message, atMs: number): string {
  const { kind } = revocation;
  const named =
    kind === 'all' ? { id: null } : kind === 'credential' ? { lookups: revocation.lookups } : { id: revocation.id };
  return JSON.stringify({
    v: version,
    kind,
    ...named,
    atMs,
    ...(sender === null ? {} : { rid: sender.id, from: sender.from }),
  });
}

/** Null: an invalid message. */
export function decodeMessage(bytes: Uint8Array, maxBytes: number): Message | null {
  if (bytes.length > maxBytes) return null;
  const fields = parseObject(bytes);
  if (fields === null || typeof fields['v'] !== 'number') return null;
  const { rid, from } = fields;
  const sender = isUuid(rid) && isUuid(from) ? { id: rid, from } : null;
  if (fields['v'] !== version) return { revocation: { kind: 'all' }, sender };
  const revocation = revocationOf(fields);
  return revocation === null ? null : { revocation, sender };
}

function revocationOf({ kind, id, lookups }: Record<string, unknown>): Revocation | null {
  switch (kind) {
    case 'all':
      return { kind };
    case 'session':
    case 'keypair':
    case 'user':
      return isIdentifier(id) ? { kind, id } : null;
    case 'credential':
      return isLookups(lookups) ? { kind, lookups } : null;
    default:
      return null;
  }
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
