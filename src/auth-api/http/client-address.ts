/** Whose address a request comes from: the connection's, or the one that a trusted proxy names. */
import { isIP } from 'node:net';
import { trimBlanks } from '../../core/syntax/header-names.ts';

/**
 * A trusted peer appends the address that it saw, so the rightmost one is the only one that it vouches for; when that is
 * a trusted one too, the next one to the left is its word. Without a valid one there, the last known is the client.
 */
export function clientAddress(
  peer: string,
  rawHeaders: readonly string[],
  trustPeer: (address: string) => boolean,
): string {
  let client = plainAddress(peer);
  if (!trustPeer(client)) return client;
  let forwarded = '';
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === 'x-forwarded-for') forwarded = rawHeaders[at + 1] ?? '';
  }
  const hops = forwarded.split(',');
  while (hops.length > 0 && trustPeer(client)) {
    const hop = trimBlanks(hops.pop() ?? '');
    if (isIP(hop) === 0) break;
    client = plainAddress(hop);
  }
  return client;
}

/** An IPv4 address without the IPv6 form in which a dual-stack socket gives it (RFC 4291 section 2.5.5.2). */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  return mapped !== undefined && isIP(mapped) === 4 ? mapped : address;
}

/** Whether the address is this machine's own. */
export function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}
