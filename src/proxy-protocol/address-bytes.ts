/** Addresses as bytes, as version 2 of the PROXY protocol has them, and the one text of each. */
import { SocketAddress } from 'node:net';
import { parseAddress } from '../core/syntax/addresses.ts';

/** Four or sixteen bytes; null: it is no address. An IPv4 address in IPv6 is the IPv4 address. */
export function bytesOf(address: string): Buffer | null {
  // Without a zone, which has a meaning on its own machine only.
  const parsed = parseAddress(address.replace(/%.*$/, ''));
  if (parsed === null) return null;
  return Buffer.from(parsed.value.toString(16).padStart(parsed.bits / 4, '0'), 'hex');
}

/** In the text form of a socket. */
export function textOf(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16));
  return canonical(groups.join(':'), 'ipv6');
}

/** One address has one text, so that limits count one client. */
export function canonical(address: string, family: 'ipv4' | 'ipv6'): string {
  return new SocketAddress({ address, family }).address;
}
