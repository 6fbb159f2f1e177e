/**
 * Whether the handshake of a WebSocket is valid (RFC 6455 section 4.1). If the gateway accepted an invalid one and the service did not, it
 * would open a tunnel for ordinary requests.
 */
import type { ReasonCode } from '../outcome/reasons.ts';

/** 16 bytes in Base64: 22 characters, the last of which contains two bits, and the padding. */
const nonce = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** Null: it is valid. Only for requests with `Upgrade: websocket`. */
export function handshakeFault(rawHeaders: readonly string[]): ReasonCode | null {
  let keys = 0;
  let versions = 0;
  let known = true;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const value = rawHeaders[i + 1]!;
    switch (rawHeaders[i]!.toLowerCase()) {
      case 'sec-websocket-key':
        keys += nonce.test(value) ? 1 : 2;
        break;
      case 'sec-websocket-version':
        versions += 1;
        known = value === '13';
        break;
    }
  }
  // Section 4.4: the response to another version contains the supported one.
  if (versions === 1 && !known) return 'websocket_version_unsupported';
  return keys === 1 && versions === 1 ? null : 'websocket_handshake_invalid';
}
