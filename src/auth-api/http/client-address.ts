/** Which peers are trusted, and the client address of a request: that of the connection, or the one from a gateway or a trusted proxy. */
import { isIP } from 'node:net';
import { trimBlanks } from '../../core/syntax/header-fields.ts';
import { gatewayHeader } from '../../core/syntax/header-names.ts';
import { headerValues } from '../../operations/read-request.ts';
import type { ForwardedIgnored } from '../../telemetry/auth-api-events.ts';

export interface ForwardedTrust {
  /** Whether a gateway has this secret. */
  readonly isGateway: (secret: string) => boolean;
  /** Whether the peer at this address is a trusted proxy. */
  readonly trustPeer: (address: string) => boolean;
  readonly ignored: (reason: ForwardedIgnored) => void;
}

/**
 * A gateway has determined its client and replaces `X-Forwarded-For`, the client first; proxies after it append. A trusted proxy appends
 * the address that it saw to untrusted content, so only the rightmost address is reliable; if that is a trusted proxy too, so is the next
 * one to the left. Without a valid address, the last known one is the client.
 */
export function clientAddress(peer: string, rawHeaders: readonly string[], trust: ForwardedTrust): string {
  const address = plainAddress(peer);
  const hops = headerValues(rawHeaders, 'x-forwarded-for').flatMap((value) => value.split(',').map(trimBlanks));
  if (isFromGateway(rawHeaders, trust)) {
    const [first = ''] = hops;
    return isIP(first) === 0 ? address : plainAddress(first);
  }
  if (trust.trustPeer(address)) return fromTheRight(hops, address, trust.trustPeer);
  if (headerValues(rawHeaders, gatewayHeader).length > 0) trust.ignored('secret_wrong');
  else if (forwarded.some((name) => headerValues(rawHeaders, name).length > 0)) trust.ignored('untrusted_peer');
  return address;
}

/** Whether this peer is a gateway or a trusted proxy. */
export function isTrusted(peer: string, rawHeaders: readonly string[], trust: ForwardedTrust): boolean {
  return trust.trustPeer(plainAddress(peer)) || isFromGateway(rawHeaders, trust);
}

/** What becomes of the secret of a gateway in a request; null: there is none. */
export function gatewayOf(rawHeaders: readonly string[], trust: ForwardedTrust): 'recognized' | 'secret_wrong' | null {
  if (headerValues(rawHeaders, gatewayHeader).length === 0) return null;
  // A request that the gateway forwards is of a client, who learns nothing of this.
  if (headerValues(rawHeaders, 'x-forwarded-for').length > 0) return null;
  return isFromGateway(rawHeaders, trust) ? 'recognized' : 'secret_wrong';
}

function isFromGateway(rawHeaders: readonly string[], { isGateway }: ForwardedTrust): boolean {
  const [secret, ...more] = headerValues(rawHeaders, gatewayHeader);
  return secret !== undefined && more.length === 0 && isGateway(secret);
}

const forwarded = ['x-forwarded-for', 'x-real-ip', 'forwarded'];

function fromTheRight(hops: string[], peer: string, trustPeer: (address: string) => boolean): string {
  let client = peer;
  while (hops.length > 0 && trustPeer(client)) {
    const hop = hops.pop() ?? '';
    if (isIP(hop) === 0) break;
    client = plainAddress(hop);
  }
  return client;
}

/** An IPv4 address without the IPv6 form of dual-stack sockets (RFC 4291 section 2.5.5.2). */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  return mapped !== undefined && isIP(mapped) === 4 ? mapped : address;
}
