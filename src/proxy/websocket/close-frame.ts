/** The gateway's own Close frames (RFC 6455 section 5.5.1), and the meaning of their codes. */
import { randomBytes } from 'node:crypto';
import { type Reason, type ReasonCode, reasons } from '../../core/outcome/reasons.ts';

/** The process ends; a client that reconnects reaches another replica (RFC 6455 section 7.4.1). */
export const goingAway = 1001;
/** It is unknown whether access is still granted (IANA: Try Again Later). */
const tryAgainLater = 1013;
/** From the range for private use (RFC 6455 section 7.4.2), modeled on HTTP's 401. */
const accessEnded = 4401;

/** A control frame contains at most 125 bytes, two of them for the code. */
const maxReason = 123;

export interface Farewell {
  readonly code: number;
  /** ASCII. */
  readonly reason: string;
}

/** The Close frame of a stream that ends for a reason. */
export function farewellFor(reason: ReasonCode): Farewell {
  const { status, message }: Reason = reasons[reason];
  const code = reason === 'draining' ? goingAway : status >= 500 ? tryAgainLater : accessEnded;
  return { code, reason: `${reason}: ${message}`.slice(0, maxReason) };
}

/** `masked`: for a server, like every frame of a client (RFC 6455 section 5.3). */
export function closeFrame({ code, reason }: Farewell, masked: boolean): Buffer {
  const payload = Buffer.allocUnsafe(2 + reason.length);
  payload.writeUInt16BE(code, 0);
  payload.write(reason, 2, 'latin1');
  if (!masked) return Buffer.concat([Buffer.from([0x88, payload.length]), payload]);
  const key = randomBytes(4);
  for (let i = 0; i < payload.length; i += 1) payload[i]! ^= key[i % 4]!;
  return Buffer.concat([Buffer.from([0x88, 0x80 | payload.length]), key, payload]);
}
