/** Client address, and parameter fields. */
import { describe, expect, it } from 'vitest';
import { clientAddress } from '../../../src/auth-api/http/client-address.ts';
import { code, emailAddress, id, label, name } from '../../../src/auth-api/operations/fields.ts';
import type { ForwardedIgnored } from '../../../src/telemetry/auth-api-events.ts';

describe('clientAddress', () => {
  const trust = {
    isGateway: (presented: string) => presented === 'shared',
    trustPeer: (address: string) => address === '10.0.0.1',
  };
  const secret = ['X-Rolegate-Gateway', 'shared'];
  const wrong = ['x-rolegate-gateway', 'guessed'];
  it.each<[string, string, readonly string[], string]>([
    ['the peer', '203.0.113.9', [], '203.0.113.9'],
    ['the peer, with its IPv4-mapped form removed', '::ffff:203.0.113.9', [], '203.0.113.9'],
    ["an untrusted peer's header is ignored", '203.0.113.9', ['X-Forwarded-For', '1.2.3.4'], '203.0.113.9'],
    ["a trusted peer's header is used", '::ffff:10.0.0.1', ['X-Forwarded-For', '1.2.3.4'], '1.2.3.4'],
    ['the rightmost address', '10.0.0.1', ['X-Forwarded-For', '6.6.6.6, 1.2.3.4'], '1.2.3.4'],
    ['the last header', '10.0.0.1', ['X-Forwarded-For', '6.6.6.6', 'x-forwarded-for', '2001:db8::1'], '2001:db8::1'],
    [
      'the client that a gateway specifies',
      '203.0.113.9',
      ['X-Forwarded-For', '1.2.3.4, 10.9.9.9', ...secret],
      '1.2.3.4',
    ],
    ['a gateway that specifies no client', '203.0.113.9', secret, '203.0.113.9'],
    [
      'a gateway whose value is not an address',
      '203.0.113.9',
      ['X-Forwarded-For', 'unknown, 1.2.3.4', ...secret],
      '203.0.113.9',
    ],
    ['the peer with a wrong secret', '203.0.113.9', ['X-Forwarded-For', '1.2.3.4', ...wrong], '203.0.113.9'],
    ['the peer with two secrets', '203.0.113.9', ['X-Forwarded-For', '1.2.3.4', ...secret, ...secret], '203.0.113.9'],
    [
      'the first address beyond trusted hops',
      '10.0.0.1',
      ['X-Forwarded-For', '6.6.6.6, 1.2.3.4, 10.0.0.1, 10.0.0.1'],
      '1.2.3.4',
    ],
    ['the last known hop', '10.0.0.1', ['X-Forwarded-For', 'unknown, 10.0.0.1'], '10.0.0.1'],
    [
      'the peer when the rightmost value is not an address',
      '10.0.0.1',
      ['X-Forwarded-For', '1.2.3.4, unknown'],
      '10.0.0.1',
    ],
    ['the peer when the header is empty', '10.0.0.1', ['X-Forwarded-For', ''], '10.0.0.1'],
    ['the peer when the address has a port', '10.0.0.1', ['X-Forwarded-For', '1.2.3.4:80'], '10.0.0.1'],
  ])('%s', (_name, peer, headers, expected) => {
    expect(clientAddress(peer, headers, { ...trust, ignored: () => {} })).toBe(expected);
  });

  it.each<[string, string, readonly string[], readonly ForwardedIgnored[]]>([
    ['a request without forwarded headers', '203.0.113.9', ['Host', 'a'], []],
    ['X-Forwarded-For', '203.0.113.9', ['X-Forwarded-For', '1.2.3.4'], ['untrusted_peer']],
    ['X-Real-IP', '203.0.113.9', ['x-real-ip', '1.2.3.4'], ['untrusted_peer']],
    ['Forwarded', '203.0.113.9', ['Forwarded', 'for=1.2.3.4'], ['untrusted_peer']],
    ['a wrong secret', '203.0.113.9', wrong, ['secret_wrong']],
    ['a gateway', '203.0.113.9', ['X-Forwarded-For', '1.2.3.4', ...secret], []],
    ['a trusted proxy', '10.0.0.1', ['X-Forwarded-For', '1.2.3.4'], []],
  ])('counts untrusted forwarded headers: %s', (_name, peer, headers, expected) => {
    const ignored: ForwardedIgnored[] = [];
    clientAddress(peer, headers, { ...trust, ignored: (reason) => ignored.push(reason) });
    expect(ignored).toEqual(expected);
  });
});

describe('fields', () => {
  it.each<[string, { safeParse(value: unknown): { success: boolean } }, unknown, boolean]>([
    ['a UUID', id, '11111111-2222-4333-8444-555555555555', true],
    ['an upper-case UUID', id, 'AAAAAAAA-2222-4333-8444-555555555555', false],
    ['a UUID in braces', id, '{11111111-2222-4333-8444-555555555555}', false],
    ['a UUID with a line break', id, '11111111-2222-4333-8444-555555555555\n', false],
    ['an address', emailAddress, 'ana+x@example.test', true],
    ['an address on a single-label host', emailAddress, 'root@localhost', true],
    ['an address with a line break', emailAddress, 'ana@example.test\nBcc: x@y.z', false],
    ['an address with a display name', emailAddress, 'Ana <ana@example.test>', false],
    ['two addresses', emailAddress, 'a@example.test,b@example.test', false],
    ['an address of 255 characters', emailAddress, `${'a'.repeat(242)}@example.test`, false],
    ['a label', label(10), 'Ana Ünal', true],
    ['a label of spaces', label(10), '  ', false],
    ['a label with a NUL', label(10), 'a\u0000b', false],
    ['a label with a line separator', label(10), 'a\u2028b', false],
    ['a label with a lone surrogate', label(10), 'a\ud800', false],
    ['a label that is too long', label(10), 'x'.repeat(11), false],
    ['a role', name, 'users_admin', true],
    ['a role with a comma', name, 'a,b', false],
    ['a role with a space', name, 'a b', false],
    ['an empty role', name, '', false],
  ])('%s', (_name, schema, value, expected) => {
    expect(schema.safeParse(value).success).toBe(expected);
  });

  it.each<[unknown, string | null]>([
    ['012345', '012345'],
    [12345, '012345'],
    [0, '000000'],
    [999_999, '999999'],
    [1_000_000, null],
    [-1, null],
    [1.5, null],
    ['12345', null],
    ['1234567', null],
    ['12345６', null],
    [true, null],
  ])('code %j is %j', (value, expected) => {
    expect(code.safeParse(value).data ?? null).toBe(expected);
  });
});
