/** Headers of the PROXY protocol as bytes, valid ones and others. */

export interface BinaryHeader {
  /** Version and command; PROXY by default. */
  readonly command: number;
  /** Family and transport; TCP over IPv4 by default. */
  readonly family: number;
  /** After the first 16 bytes. */
  readonly rest: Uint8Array;
  /** If it is not that of `rest`. */
  readonly length: number;
}

export const binarySignature: Buffer = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** 192.0.2.7:5000 to 198.51.100.1:443. */
export const ipv4Addresses: Buffer = Buffer.from('c0000207c6336401138801bb', 'hex');
/** [2001:db8::7]:5000 to [2001:db8::1]:443. */
export const ipv6Addresses: Buffer = Buffer.from(
  '20010db800000000000000000000000720010db8000000000000000000000001138801bb',
  'hex',
);

export function binaryHeader({
  command = 0x21,
  family = 0x11,
  rest = ipv4Addresses,
  length = rest.length,
}: Partial<BinaryHeader> = {}): Buffer {
  const head = Buffer.from([command, family, length >> 8, length & 0xff]);
  return Buffer.concat([binarySignature, head, rest]);
}

/** A field after the addresses. */
export function field(type: number, value: Uint8Array, length: number = value.length): Buffer {
  return Buffer.concat([Buffer.from([type, length >> 8, length & 0xff]), value]);
}
