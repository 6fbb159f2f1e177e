import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Credential } from '../../../src/core/credential/credential.ts';
import { CredentialIndex, type IndexedEntry } from '../../../src/identity/credential-index.ts';

type Kind = Credential['kind'];

const entryOf = (kind: Kind, text: string): IndexedEntry => ({ kind, text, identity: null });

/** Those of one letter differ only where the index does not look. */
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

  it('wants one to leave for another once sixteen look alike, and for no other credential', () => {
    const index = new CredentialIndex<IndexedEntry>();
    for (let number = 0; number < 16; number += 1) {
      expect(index.inTheWayOf(alike('a', number))).toBeNull();
      index.add(entryOf('bearer', alike('a', number)));
    }
    const inTheWay = index.inTheWayOf(alike('a', 16));
    expect(inTheWay?.text).toMatch(/^a/);
    expect(index.inTheWayOf(alike('b', 16))).toBeNull();
    index.delete(inTheWay!);
    expect(index.inTheWayOf(alike('a', 16))).toBeNull();
  });
});
