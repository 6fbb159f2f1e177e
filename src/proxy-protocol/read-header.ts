/**
 * The header of the PROXY protocol, versions 1 and 2 (HAProxy's specification, section 2): a proxy that forwards bytes sends it ahead of
 * them, with the address of the client. Strict: what a sender may not send is a fault, never another client.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { canonical, textOf } from './address-bytes.ts';

/** `missing`: the bytes do not begin with a header. */
export type HeaderFault = 'missing' | 'malformed' | 'too_long';

export interface Header {
  /** In bytes. */
  readonly length: number;
  /** Address of the client, in the text form of a socket; null: the connection is one of the proxy itself, or the client is unknown to it. */
  readonly client: string | null;
}

/** Of a header in version 2: what fits in one segment on every path (section 2.2). */
export const maxHeaderBytes = 536;
/** Of a header in version 1, with its end of line (section 2.1). */
const maxLineBytes = 107;

const textSignature = Buffer.from('PROXY ', 'latin1');
export const binarySignature: Buffer = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Signature, version and command, family, and length of the rest. */
const binaryHeadBytes = 16;

/** Null: the header is not complete. */
export function readHeader(bytes: Buffer): Header | HeaderFault | null {
  if (begins(bytes, textSignature)) return readLine(bytes);
  return begins(bytes, binarySignature) ? readBinary(bytes) : 'missing';
}

/** Whether the bytes are the signature and more, or its first part. */
function begins(bytes: Buffer, signature: Buffer): boolean {
  const length = Math.min(bytes.length, signature.length);
  return bytes.compare(signature, 0, length, 0, length) === 0;
}

const port = '(0|[1-9][0-9]{0,4})';
const line = new RegExp(`^PROXY TCP([46]) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) ${port} ${port}$`);

function readLine(bytes: Buffer): Header | HeaderFault | null {
  const end = bytes.subarray(0, maxLineBytes).indexOf('\n');
  if (end < 0) return bytes.length < maxLineBytes ? null : 'too_long';
  if (bytes[end - 1] !== 0x0d) return 'malformed';
  const text = bytes.toString('latin1', 0, end - 1);
  const length = end + 1;
  // The rest of such a line has no meaning.
  if (/^PROXY UNKNOWN(?: |$)/.test(text)) return { length, client: null };
  const [, family, source = '', target = '', ...ports] = line.exec(text) ?? [];
  const isAddress = family === '4' ? isIPv4 : isIPv6;
  if (!isAddress(source) || !isAddress(target) || ports.some((one) => Number(one) > 65_535)) return 'malformed';
  return { length, client: canonical(source, family === '4' ? 'ipv4' : 'ipv6') };
}

/** Bytes of both addresses and ports, by the byte of family and transport: TCP over IPv4 and over IPv6. */
const addressBytes: Readonly<Record<number, number>> = { 17: 12, 33: 36 };

function readBinary(bytes: Buffer): Header | HeaderFault | null {
  if (bytes.length < binaryHeadBytes) return null;
  const command = bytes[12];
  if (command !== 0x20 && command !== 0x21) return 'malformed';
  const length = binaryHeadBytes + bytes.readUInt16BE(14);
  if (length > maxHeaderBytes) return 'too_long';
  if (bytes.length < length) return null;
  const family = bytes[13]!;
  // LOCAL, whose family and addresses have no meaning, and PROXY without an address.
  if (command === 0x20 || family === 0) return { length, client: null };
  const addresses = addressBytes[family];
  if (addresses === undefined || !fits(bytes.subarray(0, length), binaryHeadBytes + addresses)) return 'malformed';
  const end = binaryHeadBytes + (family === 0x11 ? 4 : 16);
  return { length, client: textOf(bytes.subarray(binaryHeadBytes, end)) };
}

/** Whether the fields after the addresses, each of a type, a length and a value, end with the header. */
function fits(header: Buffer, start: number): boolean {
  let at = start;
  while (at < header.length) {
    if (at + 3 > header.length) return false;
    at += 3 + header.readUInt16BE(at + 1);
  }
  return at === header.length;
}
