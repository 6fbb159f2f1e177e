/** Trusted peers: CIDR ranges over IPv4 and IPv6 (RFC 4632, RFC 4291). */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileTrustedProxies } from '../../../src/core/syntax/addresses.ts';

describe('addresses', () => {
  test.each([
    ['inside a /8', '10.0.0.0/8', '10.255.1.2', true],
    ['outside a /8', '10.0.0.0/8', '11.0.0.0', false],
    ['first of a /30', '192.0.2.4/30', '192.0.2.4', true],
    ['last of a /30', '192.0.2.4/30', '192.0.2.7', true],
    ['after a /30', '192.0.2.4/30', '192.0.2.8', false],
    ['single address', '192.0.2.4', '192.0.2.4', true],
    ['next to a single address', '192.0.2.4', '192.0.2.5', false],
    ['all of IPv4', '0.0.0.0/0', '203.0.113.9', true],
    ['all of IPv4 contains no IPv6', '0.0.0.0/0', '::1', false],
    ['all of IPv6', '::/0', '2001:db8::1', true],
    ['all of IPv6 contains no IPv4', '::/0', '203.0.113.9', false],
    ['an IPv4-mapped address counts as IPv4', '10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['an IPv4-mapped address in hex', '10.0.0.0/8', '::ffff:a01:203', true],
    ['an IPv4-compatible address is not IPv4', '10.0.0.0/8', '::10.1.2.3', false],
    ['NAT64 is not IPv4', '10.0.0.0/8', '64:ff9b::10.1.2.3', false],
    ['IPv6 within', '2001:db8::/32', '2001:db8:ffff::1', true],
    ['IPv6 beyond', '2001:db8::/32', '2001:db9::1', false],
    ['IPv6 in two spellings', '2001:db8::1', '2001:0DB8:0:0:0:0:0:1', true],
    ['loopback', '::1/128', '::1', true],
    ['leading zero is not octal', '10.0.0.0/8', '010.0.0.1', false],
    ['one number', '0.0.0.0/0', '167772161', false],
    ['three numbers', '0.0.0.0/0', '10.0.1', false],
    ['number too large', '0.0.0.0/0', '10.0.0.256', false],
    ['hex', '0.0.0.0/0', '0x0a.0.0.1', false],
    ['blank', '0.0.0.0/0', ' 10.0.0.1', false],
    ['port', '0.0.0.0/0', '10.0.0.1:80', false],
    ['brackets', '::/0', '[::1]', false],
    ['zone', '::/0', 'fe80::1%eth0', false],
    ['two double colons', '::/0', '1::2::3', false],
    ['three colons', '::/0', ':::', false],
    ['nine groups', '::/0', '1:2:3:4:5:6:7:8:9', false],
    ['a double colon that replaces no group', '::/0', '1:2:3:4:5:6:7::8', false],
    ['five digits', '::/0', '12345::', false],
    ['empty', '0.0.0.0/0', '', false],
    ['word', '0.0.0.0/0', 'unknown', false],
  ])('%s', (_name, range, address, expected) => {
    expect(compileTrustedProxies([range])(address)).toBe(expected);
    expect(compileTrustedProxies(['198.51.100.0/24', range])(address)).toBe(expected);
  });

  test('without ranges, no peer is trusted', () => {
    expect(compileTrustedProxies([])('127.0.0.1')).toBe(false);
  });
});

describe('refused ranges', () => {
  test.each([
    ['bits after the prefix', '10.0.0.1/8'],
    ['IPv6 bits after the prefix', '2001:db8::1/32'],
    ['prefix too long', '10.0.0.0/33'],
    ['IPv6 prefix too long', '::/129'],
    ['negative prefix', '10.0.0.0/-1'],
    ['empty prefix', '10.0.0.0/'],
    ['mask instead of a prefix', '10.0.0.0/255.0.0.0'],
    ['leading zero in the prefix', '10.0.0.0/08'],
    ['two prefixes', '10.0.0.0/8/8'],
    ['host name', 'proxy.example.test'],
    ['wildcard', '10.0.*.*'],
    ['star', '*'],
    ['list', '10.0.0.0/8,192.0.2.0/24'],
    ['empty', ''],
  ])('%s', (_name, range) => {
    expect(() => compileTrustedProxies([range])).toThrow(RangeError);
    expect(() => compileTrustedProxies(['10.0.0.0/8', range])).toThrow(RangeError);
  });
});

/** An address as text of bits: the slow way to compare two of them. */
function bits(numbers: readonly number[], width: number): string {
  return numbers.map((number) => number.toString(2).padStart(width, '0')).join('');
}

test('gives the same result as a bit-by-bit comparison, IPv4', () => {
  const number = fc.constantFrom(0, 1, 10, 127, 128, 192, 254, 255);
  const address = fc.tuple(number, number, number, number);
  fc.assert(
    fc.property(address, address, fc.integer({ min: 0, max: 32 }), (base, other, prefix) => {
      const network = bits(base, 8).slice(0, prefix).padEnd(32, '0');
      const text = network
        .match(/.{8}/g)!
        .map((part) => Number.parseInt(part, 2))
        .join('.');
      const trusted = compileTrustedProxies([`${text}/${prefix}`]);
      expect(trusted(other.join('.'))).toBe(bits(other, 8).startsWith(network.slice(0, prefix)));
      expect(trusted(base.join('.'))).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test('gives the same result as a bit-by-bit comparison, IPv6', () => {
  const group = fc.constantFrom(0, 1, 0xff, 0x2001, 0xdb8, 0x8000, 0xffff);
  const address = fc.array(group, { minLength: 8, maxLength: 8 });
  const text = (groups: readonly number[]) => groups.map((one) => one.toString(16)).join(':');
  fc.assert(
    fc.property(address, address, fc.integer({ min: 0, max: 128 }), (base, other, prefix) => {
      const mapped = /^0:0:0:0:0:ffff:/;
      fc.pre(!mapped.test(text(base)) && !mapped.test(text(other)));
      const network = bits(base, 16).slice(0, prefix).padEnd(128, '0');
      const groups = network.match(/.{16}/g)!.map((part) => Number.parseInt(part, 2));
      fc.pre(!mapped.test(text(groups)));
      const trusted = compileTrustedProxies([`${text(groups)}/${prefix}`]);
      expect(trusted(text(other))).toBe(bits(other, 16).startsWith(network.slice(0, prefix)));
    }),
    { numRuns: 2_000 },
  );
});
