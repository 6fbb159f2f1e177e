import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiteralTable } from '../../../src/core/routing/literal-table.ts';

describe('LiteralTable', () => {
  it('finds what a map finds, in any part of a path', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '-', '7'), maxLength: 4 });
    fc.assert(
      fc.property(
        fc.uniqueArray(word, { minLength: 2, maxLength: 60 }),
        fc.array(word),
        word,
        (literals, asked, before) => {
          const map = new Map(literals.map((text, index) => [text, index]));
          const table = new LiteralTable([...map].flat());
          for (const text of [...literals, ...asked]) {
            const path = `/${before}/${text}/rest`;
            const start = before.length + 2;
            expect(table.find(path, start, start + text.length)).toBe(map.get(text));
          }
        },
      ),
    );
  });

  it('tells literals apart that have the same hash', () => {
    // FNV-1a of both is 0x5e4daa9d.
    const table = new LiteralTable(['costarring', 1]);
    expect(table.find('costarring', 0, 10)).toBe(1);
    expect(table.find('liquid', 0, 6)).toBeUndefined();
    const both = new LiteralTable(['costarring', 1, 'liquid', 2]);
    expect([both.find('costarring', 0, 10), both.find('liquid', 0, 6)]).toEqual([1, 2]);
  });
});
