import { describe, expect, test } from 'vitest';
import { readHeader } from '../../../src/proxy-protocol/read-header.ts';
import { binaryHeader, binarySignature, field, ipv4Addresses, ipv6Addresses } from '../../support/proxy-header.ts';

const line = (text: string) => Buffer.from(`${text}\r\n`, 'latin1');
const request = Buffer.from('GET / HTTP/1.1\r\n');

const valid: readonly (readonly [what: string, header: Buffer, client: string | null])[] = [
  ['TCP4', line('PROXY TCP4 192.0.2.7 198.51.100.1 5000 443'), '192.0.2.7'],
  ['lowest and highest port', line('PROXY TCP4 192.0.2.7 198.51.100.1 0 65535'), '192.0.2.7'],
  ['TCP6', line('PROXY TCP6 2001:db8::7 2001:db8::1 5000 443'), '2001:db8::7'],
  ['TCP6 in another spelling', line('PROXY TCP6 2001:0DB8:0:0:0:0:0:7 ::1 5000 443'), '2001:db8::7'],
  ['IPv4 in TCP6', line('PROXY TCP6 ::ffff:192.0.2.7 ::ffff:198.51.100.1 5000 443'), '::ffff:192.0.2.7'],
  ['UNKNOWN', line('PROXY UNKNOWN'), null],
  ['UNKNOWN with addresses', line('PROXY UNKNOWN ffff::1 ffff::2 65535 65535'), null],
  ['IPv4', binaryHeader(), '192.0.2.7'],
  ['IPv6', binaryHeader({ family: 0x21, rest: ipv6Addresses }), '2001:db8::7'],
  [
    'IPv4 in IPv6',
    binaryHeader({ family: 0x21, rest: Buffer.from(`${'00'.repeat(10)}ffffc0000207${'00'.repeat(20)}`, 'hex') }),
    '::ffff:192.0.2.7',
  ],
  [
    'fields',
    binaryHeader({ rest: Buffer.concat([ipv4Addresses, field(4, Buffer.alloc(3)), field(0xea, Buffer.alloc(0))]) }),
    '192.0.2.7',
  ],
  ['the longest', binaryHeader({ rest: Buffer.concat([ipv4Addresses, field(4, Buffer.alloc(505))]) }), '192.0.2.7'],
  ['LOCAL', binaryHeader({ command: 0x20, family: 0, rest: Buffer.alloc(0) }), null],
  // Its family and addresses have no meaning.
  ['LOCAL with addresses', binaryHeader({ command: 0x20 }), null],
  ['LOCAL of another family, with a rest', binaryHeader({ command: 0x20, family: 0x77, rest: Buffer.alloc(7) }), null],
  ['no family', binaryHeader({ family: 0, rest: Buffer.alloc(5) }), null],
];

describe('valid', () => {
  test.each(valid)('%s', (_, header, client) => {
    expect(readHeader(Buffer.concat([header, request]))).toEqual({ length: header.length, client });
  });

  test.each(valid)('%s is not complete before its last byte', (_, header) => {
    for (let length = 0; length < header.length; length += 1) expect(readHeader(header.subarray(0, length))).toBeNull();
  });
});

const faults: Readonly<Record<string, readonly (readonly [what: string, bytes: Buffer])[]>> = {
  missing: [
    ['a request', request],
    ['TLS', Buffer.from([0x16, 3, 1])],
    ['lower case', line('proxy TCP4 192.0.2.7 198.51.100.1 5000 443')],
    ['another word', line('PROXX')],
    ['a preface of HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
    ['a signature with one other byte', Buffer.from('\r\n\r\n\0\r\nQUIX', 'latin1')],
    ['two empty lines, then a request', Buffer.from('\r\n\r\nGET / HTTP/1.1\r\n')],
  ],
  malformed: [
    ...[
      'PROXY ',
      'PROXY TCP4',
      'PROXY TCP4 192.0.2.7 198.51.100.1 5000',
      'PROXY TCP4 192.0.2.7 198.51.100.1 5000 443 ',
      'PROXY TCP4 192.0.2.7 198.51.100.1 5000 443 7',
      'PROXY  TCP4 192.0.2.7 198.51.100.1 5000 443',
      'PROXY TCP4\t192.0.2.7 198.51.100.1 5000 443',
      'PROXY TCP4 192.0.2.07 198.51.100.1 5000 443',
      'PROXY TCP4 192.0.2.256 198.51.100.1 5000 443',
      'PROXY TCP4 192.0.2 198.51.100.1 5000 443',
      'PROXY TCP4 0xc0000207 198.51.100.1 5000 443',
      'PROXY TCP4 192.0.2.7 198.51.100.999 5000 443',
      'PROXY TCP4 192.0.2.7 198.51.100.1 05000 443',
      'PROXY TCP4 192.0.2.7 198.51.100.1 5000 65536',
      'PROXY TCP4 192.0.2.7 198.51.100.1 -1 443',
      'PROXY TCP4 192.0.2.7 198.51.100.1 +5 443',
      'PROXY TCP4 192.0.2.7 198.51.100.1 5e3 443',
      'PROXY TCP4 2001:db8::7 2001:db8::1 5000 443',
      'PROXY TCP4 ::ffff:192.0.2.7 198.51.100.1 5000 443',
      'PROXY TCP6 192.0.2.7 198.51.100.1 5000 443',
      'PROXY TCP6 2001:db8::7 198.51.100.1 5000 443',
      'PROXY TCP6 2001:db8::7::1 2001:db8::1 5000 443',
      'PROXY TCP6 fe80::1%eth0 2001:db8::1 5000 443',
      'PROXY TCP6 [2001:db8::7] 2001:db8::1 5000 443',
      'PROXY TCP5 192.0.2.7 198.51.100.1 5000 443',
      'PROXY UDP4 192.0.2.7 198.51.100.1 5000 443',
      'PROXY UNKNOWNS',
      'PROXY unknown',
      'PROXY TCP4 192.0.2.7\r198.51.100.1 5000 443',
    ].map((text) => [JSON.stringify(text), line(text)] as const),
    ['an end of line without CR', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 5000 443\n')],
    ['version 1 in the binary form', binaryHeader({ command: 0x11 })],
    ['version 3', binaryHeader({ command: 0x31 })],
    ['another command', binaryHeader({ command: 0x22 })],
    ['UDP', binaryHeader({ family: 0x12 })],
    ['a Unix socket', binaryHeader({ family: 0x31, rest: Buffer.alloc(216) })],
    ['an unknown family', binaryHeader({ family: 0x41 })],
    ['a transport without a family', binaryHeader({ family: 0x01 })],
    ['too short for IPv4', binaryHeader({ rest: ipv4Addresses.subarray(1) })],
    ['too short for IPv6', binaryHeader({ family: 0x21 })],
    ['no addresses', binaryHeader({ rest: Buffer.alloc(0) })],
    ['one byte after the addresses', binaryHeader({ rest: Buffer.concat([ipv4Addresses, Buffer.alloc(1)]) })],
    ['a field beyond the end', binaryHeader({ rest: Buffer.concat([ipv4Addresses, field(4, Buffer.alloc(3), 4)]) })],
    ['bytes after a field', binaryHeader({ rest: Buffer.concat([ipv4Addresses, field(4, Buffer.alloc(3), 2)]) })],
  ],
  too_long: [
    ['a line of 108 bytes', Buffer.from(`PROXY UNKNOWN ${'1'.repeat(92)}\r\n`)],
    ['a line without an end', Buffer.from(`PROXY TCP4 ${'1'.repeat(96)}`)],
    ['537 bytes', binaryHeader({ rest: Buffer.concat([ipv4Addresses, field(4, Buffer.alloc(506))]) })],
    ['the head of the longest possible', Buffer.concat([binarySignature, Buffer.from([0x21, 0x11, 0xff, 0xff])])],
    ['LOCAL, too', binaryHeader({ command: 0x20, rest: Buffer.alloc(521) })],
  ],
};

describe.each(Object.entries(faults))('%s', (fault, rows) => {
  test.each(rows)('%s', (_, bytes) => {
    expect(readHeader(bytes)).toBe(fault);
  });
});

test('a line of 107 bytes is not too long', () => {
  const longest = Buffer.from(`PROXY UNKNOWN ${'1'.repeat(91)}\r\n`);
  expect(readHeader(longest)).toEqual({ length: 107, client: null });
});
