/**
 * Signatures of webhooks by the Standard Webhooks specification: HMAC-SHA-256 over `id.timestamp.body`, in base64 after `v1,`, separated by
 * blanks. It does not reveal why a signature is invalid.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { singleHeader } from '../operations/read-request.ts';

/** Allowed clock difference of the sender, and delay of a message. */
const toleranceS = 300;
/** A sender that rotates its secret signs with both. */
const maxSignatures = 16;
const minKeyBytes = 24;

const messageId = /^[\x21-\x7e]{1,256}$/;
const unixSeconds = /^\d{1,12}$/;
const signature = /^v1,([A-Za-z0-9+/]{43}=)$/;

export interface SignedWebhook {
  /** Id of the message, the same for every delivery attempt. */
  readonly id: string;
  /** Time of this attempt. */
  readonly sentAtMs: number;
}

/** `secrets`: "whsec_" and base64; any of them is accepted. Null: not validly signed. */
export function readSigned(
  rawHeaders: readonly string[],
  body: Uint8Array,
  secrets: readonly string[],
  nowMs: number,
): SignedWebhook | null {
  const id = singleHeader(rawHeaders, 'webhook-id');
  const timestamp = singleHeader(rawHeaders, 'webhook-timestamp');
  const signatures = singleHeader(rawHeaders, 'webhook-signature')?.split(' ');
  if (id === null || timestamp === null || signatures === undefined) return null;
  if (!messageId.test(id) || !unixSeconds.test(timestamp)) return null;
  if (Math.abs(Math.floor(nowMs / 1000) - Number(timestamp)) > toleranceS) return null;
  if (signatures.length > maxSignatures) return null;
  const offered = signatures.flatMap((text) => {
    const base64 = signature.exec(text)?.[1];
    return base64 === undefined ? [] : [Buffer.from(base64, 'base64')];
  });
  let good = false;
  for (const secret of secrets) {
    const expected = sign(id, timestamp, body, secret);
    // All are compared, for constant time.
    for (const one of offered) good = timingSafeEqual(one, expected) || good;
  }
  return good ? { id, sentAtMs: Number(timestamp) * 1000 } : null;
}

function sign(id: string, timestamp: string, body: Uint8Array, secret: string): Buffer {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  if (key.length < minKeyBytes) throw new RangeError('a webhook secret is too short');
  return createHmac('sha256', key).update(`${id}.${timestamp}.`, 'latin1').update(body).digest();
}
