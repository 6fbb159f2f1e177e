/**
 * Keys of session tickets (RFC 5077, RFC 8446 section 4.6.1). They follow from a secret and the time, so that workers and replicas can
 * resume each other's sessions, also after a restart. Each period has its own keys: a session of an earlier period needs a full handshake.
 */
import { deriveKey } from '../sealing/derive-key.ts';

const periodMs = 12 * 3_600_000;

export function ticketPeriod(nowMs: number): number {
  return Math.floor(nowMs / periodMs);
}

/** `settings`: sessions are resumed only under the same ones. */
export function ticketKeys(secret: string | Uint8Array, period: number, settings: string): Buffer {
  // Name, HMAC and AES key of 16 bytes each.
  return deriveKey(secret, `rolegate session tickets ${period} ${settings}`, 48).export();
}
