/** HTTP Basic (RFC 7617): one base64 text per pair, strict UTF-8, split at the first colon. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBase64, readBasic } from '../../../src/core/credential/basic.ts';

const encoded = (text: string) => Buffer.from(text).toString('base64');

describe('base64', () => {
  test('decodes what the platform encodes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toEqual([...bytes]);
      }),
    );
  });

  test('refuses any other text: each byte sequence has one text', () => {
    const letters = fc.constantFrom(...'AQgwZz09+/=-_ \n');
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        const bytes = decodeBase64(text);
        if (bytes !== null) expect(Buffer.from(bytes).toString('base64')).toBe(text);
      }),
      { numRuns: 5_000 },
    );
  });

  test.each(['=', '====', 'A', 'AA', 'AAA', 'A===', 'AB==', 'AAB=', 'AA=A', 'AA==AA==', 'AAA-', 'AAAA\n', ' AAAA'])(
    '%j is refused',
    (text) => expect(decodeBase64(text)).toBeNull(),
  );
});

describe('a pair', () => {
  test.each([
    ['', ':', { user: '', password: '' }],
    ['a password with colons', 'a:b:c', { user: 'a', password: 'b:c' }],
    ['characters beyond ASCII', 'jürgen:pässword€😀', { user: 'jürgen', password: 'pässword€😀' }],
    ['percent signs', 'a%41:%00', { user: 'a%41', password: '%00' }],
    ['no colon', 'ab', null],
    ['NUL', 'a\0:b', null],
    ['a line break', 'a:b\n', null],
    ['DEL', 'a:b\x7f', null],
    ['a control character of Latin-1', 'a:b\x85', null],
  ])('%s', (_name, text, expected) => expect(readBasic(encoded(text))).toEqual(expected));

  test.each([
    ['Latin-1', [0xe4, 0x3a, 0x61]],
    ['an overlong form', [0xc0, 0xba, 0x61]],
    ['a surrogate', [0xed, 0xa0, 0x80, 0x3a]],
    ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80, 0x3a]],
    ['an incomplete character', [0x3a, 0xe2, 0x82]],
  ])('%s is not UTF-8', (_name, bytes) => expect(readBasic(Buffer.from(bytes).toString('base64'))).toBeNull());
});
