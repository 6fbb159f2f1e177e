import fc from 'fast-check';
import { expect, it } from 'vitest';
import { credentialOf, textOf } from '../../../src/identity/credential-text.ts';
import { bearer, keyPair } from './samples.ts';

it('gives back the very credential whose text it reads', () => {
  // What could be taken for the length in front, and what takes two units of UTF-16.
  const text = fc.string({ unit: fc.constantFrom('a', '1', ':', ' ', '\u00e9', '\u{1f511}'), maxLength: 12 });
  const credential = fc.oneof(
    text.map(bearer),
    fc.tuple(text, text).map(([key, secret]) => keyPair(key, secret)),
  );
  fc.assert(
    fc.property(credential, (one) => {
      expect(credentialOf(one.kind, textOf(one))).toEqual(one);
    }),
  );
});
