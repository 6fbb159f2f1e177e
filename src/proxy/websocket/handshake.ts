/** Checks and adapts a service's 101 before a tunnel opens (RFC 6455 section 4.1). */
import { createHash } from 'node:crypto';
import { subprotocolBearer, withoutSubprotocolBearer } from '../../core/credential/subprotocol-bearer.ts';
import type { ForwardingRules } from '../../core/forwarding/forwarding-rules.ts';
import { appendResponseHeaders } from '../../core/forwarding/response-headers.ts';
import { isNamed } from '../../core/syntax/header-fields.ts';

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * Whether a 101 belongs to this handshake. Otherwise a service that repeats bytes of an earlier response, or relays another client's
 * handshake, would open a raw tunnel. Headers are alternating names and values.
 */
export function acceptsHandshake(requestHeaders: readonly string[], responseHeaders: readonly string[]): boolean {
  const key = onlyValue(requestHeaders, 'sec-websocket-key');
  const accept = onlyValue(responseHeaders, 'sec-websocket-accept');
  if (key === null || accept === null) return false;
  if (onlyValue(responseHeaders, 'upgrade')?.toLowerCase() !== 'websocket') return false;
  return (
    accept ===
    createHash('sha1')
      .update(key + guid)
      .digest('base64')
  );
}

/** The headers of the 101 for the client: alternating names and values. */
export function handshakeHeaders(
  requestHeaders: readonly string[],
  responseHeaders: readonly string[],
  { responseTreatments, websocketProtocol }: Pick<ForwardingRules, 'responseTreatments' | 'websocketProtocol'>,
): string[] {
  const headers = ['connection', 'Upgrade', 'upgrade', 'websocket'];
  appendResponseHeaders(headers, responseHeaders, responseTreatments);
  if (websocketProtocol !== null) settleProtocol(headers, requestHeaders, websocketProtocol);
  return headers;
}

/**
 * Sets `sec-websocket-protocol` of the response. `marker` announces a bearer to the gateway, so a service cannot select it. A browser
 * closes a connection that selects none of its protocols, so a client that offered nothing else gets the marker.
 */
function settleProtocol(responseHeaders: string[], requestHeaders: readonly string[], marker: string): void {
  let selected = false;
  for (let i = responseHeaders.length - 2; i >= 0; i -= 2) {
    if (!isNamed(responseHeaders[i]!, 'sec-websocket-protocol')) continue;
    if (responseHeaders[i + 1] === marker) responseHeaders.splice(i, 2);
    else selected = true;
  }
  if (selected) return;
  const copies = requestHeaders.filter(
    (_, i) => requestHeaders[i - 1]?.toLowerCase() === 'sec-websocket-protocol' && i % 2 === 1,
  );
  const offered = copies.join(',');
  if (subprotocolBearer(offered, marker) !== null && withoutSubprotocolBearer(offered, marker) === '')
    responseHeaders.push('sec-websocket-protocol', marker);
}

/** Null: the header is missing or repeated. */
function onlyValue(headers: readonly string[], name: string): string | null {
  let value: string | null = null;
  for (let i = 0; i < headers.length; i += 2) {
    if (!isNamed(headers[i]!, name)) continue;
    if (value !== null) return null;
    value = headers[i + 1]!;
  }
  return value;
}
