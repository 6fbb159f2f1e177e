/**
 * The bytes under which a verdict lies in Redis: version, proof, payload. Whoever can write to Redis must not be able to
 * mint an identity, so the proof (HMAC-SHA-256) covers the version, the lookup key and the payload: an entry of another
 * credential copied over this one, or of another format, does not verify. Decoding is strict and never throws.
 */
import type { Credential } from '../core/credential/credential.ts';
import type { HmacSha256 } from './hmac-sha256.ts';
import { lives, type Verdict } from './verdict.ts';
import { readVerdict, writeVerdict } from './verdict-bytes.ts';

/** Changes with every change of the payload's shape; entries of other versions are misses. */
const version = 2;
const proofBytes = 32;
const headBytes = 1 + proofBytes;

/** Larger entries are not shared, and not believed. */
export const maxEntryBytes = 16_384;

/** The entry, or null when it cannot be shared: it is too large, or has a text that is not Unicode. */
export function encodeEntry(verdict: Verdict, lookup: string, key: HmacSha256): Buffer | null {
  const payload = writeVerdict(verdict);
  if (payload === null || headBytes + payload.length > maxEntryBytes) return null;
  const proof = Buffer.from(key.digest(proven(lookup), 'utf8', 'binary', payload), 'latin1');
  return Buffer.concat([Buffer.of(version), proof, payload]);
}

/**
 * The verdict, or null for anything that is not a living entry of exactly this credential under this key. `kind` is
 * the credential's; it is part of the lookup key, so it need not be in the payload.
 */
export function decodeEntry(
  bytes: Uint8Array,
  lookup: string,
  kind: Credential['kind'],
  key: HmacSha256,
  nowMs: number,
): Verdict | null {
  if (bytes.length <= headBytes || bytes.length > maxEntryBytes || bytes[0] !== version) return null;
  const payload = bytes.subarray(headBytes);
  if (!key.proves(bytes.subarray(1, headBytes), proven(lookup), 'utf8', payload)) return null;
  const verdict = readVerdict(Buffer.from(payload.buffer, payload.byteOffset, payload.length), kind);
  return verdict !== null && lives(verdict, nowMs) ? verdict : null;
}

/** What the proof covers beside the payload. */
function proven(lookup: string): string {
  return `${version}:${lookup.length}:${lookup}`;
}
