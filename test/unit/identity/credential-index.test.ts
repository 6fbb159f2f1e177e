import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Credential } from '../../../src/core/credential/credential.ts';
import { CredentialIndex, type IndexedEntry } from '../../../src/identity/credential-index.ts';

type Kind = Credential['kind'];

const entryOf = (kind: Kind, text: string): IndexedEntry => ({ kind, text, identity: null });

/** Those of one letter differ only where the index does not look at first. */
const alike = (letter: string, number: number) => `${letter}${String(number).padStart(5, '.')}${letter.repeat(60)}`;

describe('CredentialIndex', () => {
  it('finds what a map would find, through every order of coming and going', () => {
    const kind = fc.constantFrom<Kind>('bearer', 'key_pair');
    const text = fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(6)).map(([letter, number]) => alike(letter, number)),
      fc.nat(60).map((number) => `token ${number}`),
    );
    const step = fc.record({ kind, text });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 300 }), (steps) => {
        const index = new CredentialIndex<IndexedEntry>();
        const model = new Map<string, IndexedEntry>();
        for (const { kind, text } of steps) {
          const name = `${kind} ${text}`;
          const held = model.get(name);
          expect(index.get(kind, text)).toBe(held);
          if (held === undefined) {
            const entry = entryOf(kind, text);
            index.add(entry);
            model.set(name, entry);
          } else {
            index.delete(held);
            model.delete(name);
          }
        }
        for (const { kind, text } of steps) expect(index.get(kind, text)).toBe(model.get(`${kind} ${text}`));
      }),
    );
  });

  it('keeps its entries as it grows', () => {
    const index = new CredentialIndex<IndexedEntry>();
    const entries = Array.from({ length: 5_000 }, (_, number) => entryOf('bearer', `token ${number}`));
    for (const entry of entries) index.add(entry);
    for (const entry of entries) expect(index.get('bearer', entry.text)).toBe(entry);
    expect(index.get('bearer', 'token 5000')).toBeUndefined();
    expect(index.get('key_pair', 'token 1')).toBeUndefined();
  });

  it.each([
    [
      'a counter before a long end',
      (number: number) => `s-${String(number).padStart(8, '0')}-of-the-service-in-the-north`,
    ],
    [
      'a pair of keys with one secret',
      (number: number) => `8:${String(number).padStart(8, '0')}${'secret'.repeat(20)}`,
    ],
    ['one character of a long text', (number: number) => `${'-'.repeat(number)}x${'-'.repeat(4_000 - number)}`],
  ])('looks closer at credentials that look alike: %s', (_, textOf) => {
    const index = new CredentialIndex<IndexedEntry>();
    const entries = Array.from({ length: 2_000 }, (_, number) => entryOf('bearer', textOf(number)));
    for (const entry of entries) index.add(entry);
    for (const entry of entries) expect(index.get('bearer', entry.text)).toBe(entry);
    for (const entry of entries.slice(0, 1_000)) index.delete(entry);
    expect(entries.filter(({ text }) => index.get('bearer', text) !== undefined)).toEqual(entries.slice(1_000));
  });

  it('compares a text with few others, however much they look alike', () => {
    let compared = 0;
    const index = new CredentialIndex<IndexedEntry>();
    for (let number = 0; number < 500; number += 1) {
      const kind = () => {
        compared += 1;
        return 'bearer' as const;
      };
      index.add(Object.defineProperty(entryOf('bearer', alike('a', number)), 'kind', { get: kind }));
    }
    for (let number = 0; number < 500; number += 1) {
      compared = 0;
      index.get('bearer', alike('a', number));
      expect(compared).toBeLessThanOrEqual(16);
    }
  });
});
