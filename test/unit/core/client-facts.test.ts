/** The client's address behind proxies: only trusted peers' headers are used. */
import { describe, expect, test } from 'vitest';
import { clientFacts } from '../../../src/core/forwarding/client-facts.ts';
import { compileTrustedProxies } from '../../../src/core/syntax/addresses.ts';
import { splitHeader } from './make-policy.ts';

const trust = compileTrustedProxies(['10.0.0.0/8']);

function factsOf(address: string, headers: readonly string[], secure = false) {
  const peer = { address, trusted: trust(address), secure };
  return clientFacts(peer, 'api.example.test:8080', headers.flatMap(splitHeader), trust, () => 'fresh');
}

test("an untrusted peer's headers are ignored", () => {
  const said = [
    'X-Forwarded-For: 10.0.0.9',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: evil.test',
    'X-Request-Id: chosen',
    'Forwarded: for=10.0.0.9',
    'X-Real-IP: 10.0.0.9',
  ];
  expect(factsOf('203.0.113.7', said)).toEqual({
    client: '203.0.113.7',
    forwardedFor: '203.0.113.7',
    proto: 'http',
    forwardedHost: 'api.example.test:8080',
    requestId: 'fresh',
    trusted: false,
  });
  expect(factsOf('203.0.113.7', said, true).proto).toBe('https');
});

test("a trusted proxy's headers are used", () => {
  const said = [
    'X-Forwarded-For: 203.0.113.7',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: www.example.test',
    'X-Request-Id: 7f-1',
  ];
  expect(factsOf('10.0.0.1', said)).toEqual({
    client: '203.0.113.7',
    forwardedFor: '203.0.113.7, 10.0.0.1',
    proto: 'https',
    forwardedHost: 'www.example.test',
    requestId: '7f-1',
    trusted: true,
  });
});

describe('the chain is read from the right', () => {
  test.each([
    ['no header', [], '10.0.0.1'],
    ['one hop', ['X-Forwarded-For: 203.0.113.7'], '203.0.113.7'],
    ['a claim by the client before it', ['X-Forwarded-For: 198.51.100.1, 203.0.113.7'], '203.0.113.7'],
    ['the claim of a trusted address', ['X-Forwarded-For: 10.9.9.9, 203.0.113.7'], '203.0.113.7'],
    ['two trusted proxies', ['X-Forwarded-For: 198.51.100.1, 203.0.113.7, 10.0.0.2'], '203.0.113.7'],
    ['only trusted proxies', ['X-Forwarded-For: 10.0.0.3, 10.0.0.2'], '10.0.0.3'],
    ['two headers are one list', ['X-Forwarded-For: 198.51.100.1', 'x-forwarded-for: 203.0.113.7'], '203.0.113.7'],
    ['blanks', ['X-Forwarded-For:   203.0.113.7  ,10.0.0.2 '], '203.0.113.7'],
    ['IPv6', ['X-Forwarded-For: 2001:db8::7'], '2001:db8::7'],
    ['underscores name another header', ['X_Forwarded_For: 203.0.113.7'], '10.0.0.1'],
    ['a word is not an address', ['X-Forwarded-For: unknown'], '10.0.0.1'],
    ['text is not an address', ['X-Forwarded-For: 203.0.113.7, <script>'], '10.0.0.1'],
    ['an empty hop is not an address', ['X-Forwarded-For: 203.0.113.7, '], '10.0.0.1'],
    ['a word before a trusted hop', ['X-Forwarded-For: unknown, 10.0.0.2'], '10.0.0.2'],
  ])('%s', (_name, headers, client) => {
    expect(factsOf('10.0.0.1', headers).client).toBe(client);
  });
});

describe('invalid values from a trusted proxy are replaced', () => {
  test.each([
    ['scheme', ['X-Forwarded-Proto: ftp'], 'proto', 'http'],
    ['list of schemes', ['X-Forwarded-Proto: https,http'], 'proto', 'http'],
    ['host with a path', ['X-Forwarded-Host: a.test/x'], 'forwardedHost', 'api.example.test:8080'],
    ['host with a list', ['X-Forwarded-Host: a.test, b.test'], 'forwardedHost', 'api.example.test:8080'],
    ['empty host', ['X-Forwarded-Host: '], 'forwardedHost', 'api.example.test:8080'],
    ['long request id', [`X-Request-Id: ${'a'.repeat(129)}`], 'requestId', 'fresh'],
    ['request id with spaces', ['X-Request-Id: a b'], 'requestId', 'fresh'],
    ['request id with markup', ['X-Request-Id: <a>'], 'requestId', 'fresh'],
    ['empty request id', ['X-Request-Id: '], 'requestId', 'fresh'],
  ] as const)('%s', (_name, headers, field, expected) => {
    expect(factsOf('10.0.0.1', headers)[field]).toBe(expected);
  });

  test('the forwarded chain ends with the peer and contains only valid elements', () => {
    const { forwardedFor } = factsOf('10.0.0.1', [`X-Forwarded-For: ${'a'.repeat(5_000)}, 203.0.113.7`]);
    expect(forwardedFor.length).toBeLessThan(200);
    expect(forwardedFor.endsWith('203.0.113.7, 10.0.0.1')).toBe(true);
  });
});
