/** `Forwarded` from trusted proxies (RFC 7239): parsed by its own grammar, trusted hop by hop, and rewritten. */
import { describe, expect, test } from 'vitest';
import { clientFacts } from '../../../src/core/forwarding/client-facts.ts';
import { appendForwarded, parseForwarded } from '../../../src/core/forwarding/forwarded-header.ts';
import { compileTrustedProxies } from '../../../src/core/syntax/addresses.ts';
import { cpuMs } from '../../support/cpu-time.ts';
import { splitHeader } from './make-policy.ts';

const trust = compileTrustedProxies(['10.0.0.0/8', '2001:db8:1::/48']);

function factsOf(headers: readonly string[], address = '10.0.0.1') {
  const peer = { address, trusted: trust(address), secure: false };
  return clientFacts(peer, 'api.test', headers.flatMap(splitHeader), trust, () => 'fresh', 'forwarded');
}

describe('elements', () => {
  test.each([
    ['nothing', '', []],
    ['an address', 'for=203.0.113.7', ['203.0.113.7']],
    ['names in any case', 'FOR=203.0.113.7;Proto=HTTPS', ['203.0.113.7']],
    ['a port', 'for="203.0.113.7:4711"', ['203.0.113.7']],
    ['an obfuscated port', 'for="203.0.113.7:_p"', ['203.0.113.7']],
    ['IPv6', 'for="[2001:db8::7]"', ['2001:db8::7']],
    ['IPv6 with a port', 'for="[2001:db8::7]:80"', ['2001:db8::7']],
    ['several', 'for=203.0.113.7;proto=https, for=10.0.0.2', ['203.0.113.7', '10.0.0.2']],
    ['blanks', '  for=203.0.113.7 ; by=10.0.0.2 ,\tfor=10.0.0.2 ', ['203.0.113.7', '10.0.0.2']],
    ['empty elements', ', ,for=203.0.113.7,,', ['203.0.113.7']],
    ['escapes in quotes', 'for="\\2\\03.0.113.7"', ['203.0.113.7']],
    ['a comma inside quotes', 'for=203.0.113.7;host="a, for=10.9.9.9"', ['203.0.113.7']],
    ['nobody', 'for=unknown, for=_hidden', [null, null]],
    ['no address', 'proto=https', [null]],
    ['IPv6 without brackets', 'for="2001:db8::7"', [null]],
    ['IPv4 in brackets', 'for="[203.0.113.7]"', [null]],
    ['a word', 'for=evil', [null]],
  ])('%s', (_name, value, addresses) => {
    expect(parseForwarded(value)?.map(({ address }) => address)).toEqual(addresses);
  });

  test.each([
    ['unclosed quotes', 'for="203.0.113.7'],
    ['quotes that hide an element', 'for=203.0.113.7;x=", for=10.0.0.2'],
    ['a repeated parameter', 'for=203.0.113.7;for=10.0.0.2'],
    ['no value', 'for='],
    ['no name', '=a'],
    ['a word', 'for'],
    ['spaces around the equals sign', 'for = 203.0.113.7'],
    ['an address that needs quotes', 'for=203.0.113.7:80'],
    ['a control character', 'for="a\x01"'],
  ])('malformed: %s', (_name, value) => {
    expect(parseForwarded(value)).toBeNull();
  });

  test('the cost of a long value is linear', () => {
    const took = cpuMs(() => {
      for (const part of ['for=a,', ';', ' ', '"', 'for="\\', 'a=b;', 'x']) parseForwarded(part.repeat(30_000));
    });
    expect(took).toBeLessThan(2_000);
  });
});

describe('the client address', () => {
  test.each([
    ['one hop', ['Forwarded: for=203.0.113.7'], '203.0.113.7', '203.0.113.7, 10.0.0.1'],
    [
      'two trusted hops',
      ['Forwarded: for=203.0.113.7, for=10.0.0.2'],
      '203.0.113.7',
      '203.0.113.7, 10.0.0.2, 10.0.0.1',
    ],
    ['a claim of the client', ['Forwarded: for=10.9.9.9, for=203.0.113.7'], '203.0.113.7', '203.0.113.7, 10.0.0.1'],
    [
      'two headers',
      ['Forwarded: for=198.51.100.1', 'forwarded: for=203.0.113.7'],
      '203.0.113.7',
      '203.0.113.7, 10.0.0.1',
    ],
    ['nobody', ['Forwarded: for=unknown'], '10.0.0.1', '10.0.0.1'],
    ['malformed', ['Forwarded: for=203.0.113.7, for="'], '10.0.0.1', '10.0.0.1'],
    ['X-Forwarded-For is ignored', ['X-Forwarded-For: 203.0.113.7'], '10.0.0.1', '10.0.0.1'],
    [
      'X-Forwarded-For next to Forwarded is ignored',
      ['Forwarded: for=203.0.113.7', 'X-Forwarded-For: 198.51.100.1'],
      '203.0.113.7',
      '203.0.113.7, 10.0.0.1',
    ],
  ])('%s', (_name, headers, client, forwardedFor) => {
    expect(factsOf(headers)).toMatchObject({ client, forwardedFor });
  });

  test("an untrusted peer's header is ignored", () => {
    expect(factsOf(['Forwarded: for=10.0.0.9;host=evil.test;proto=https'], '203.0.113.7')).toMatchObject({
      client: '203.0.113.7',
      forwardedFor: '203.0.113.7',
      proto: 'http',
      forwardedHost: 'api.test',
    });
  });

  test('scheme and host are those that the outermost trusted proxy saw', () => {
    const said =
      'Forwarded: for=198.51.100.1;host=claim.test, for=203.0.113.7;proto=https;host="www.test:443", for=10.0.0.2;proto=http;host=inner';
    expect(factsOf([said])).toMatchObject({ client: '203.0.113.7', proto: 'https', forwardedHost: 'www.test:443' });
    expect(factsOf(['Forwarded: for=203.0.113.7;proto=ftp;host="a/b"'])).toMatchObject({
      proto: 'http',
      forwardedHost: 'api.test',
    });
  });

  test('with X-Forwarded-For, values to the left of the client are not forwarded', () => {
    const peer = { address: '10.0.0.1', trusted: true, secure: false };
    const raw = ['X-Forwarded-For', '<script>, 10.9.9.9, 203.0.113.7, 10.0.0.2', 'Forwarded', 'for=198.51.100.1'];
    expect(clientFacts(peer, 'api.test', raw, trust, () => 'fresh').forwardedFor).toBe(
      '203.0.113.7, 10.0.0.2, 10.0.0.1',
    );
    const blank = ['X-Forwarded-For', '203.0.113.7\xa0'];
    expect(clientFacts(peer, 'api.test', blank, trust, () => 'fresh').client).toBe('10.0.0.1');
  });
});

test.each([
  ['203.0.113.7, 10.0.0.1', 'api.test:8080', 'for=203.0.113.7;proto=https;host="api.test:8080", for=10.0.0.1'],
  ['2001:db8::7', '', 'for="[2001:db8::7]";proto=https'],
])('written for %s', (chain, host, expected) => {
  const out: string[] = [];
  appendForwarded(out, chain, 'https', host);
  expect(out).toEqual(['forwarded', expected]);
  expect(parseForwarded(expected)?.map(({ address }) => address)).toEqual(chain.split(', '));
});
