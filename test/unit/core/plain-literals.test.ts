import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PathNode } from '../../../src/core/routing/compile-routes.ts';
import { LiteralTable } from '../../../src/core/routing/literal-table.ts';
import { addPlainLiterals } from '../../../src/core/routing/plain-literals.ts';

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

describe('addPlainLiterals', () => {
  it('takes as many literals at one place as a file can have', () => {
    const place = (): PathNode => ({
      only: null,
      table: null,
      literals: new Map(),
      folded: null,
      param: null,
      leaf: { tail: null, alone: null, byMethod: new Map(), routes: [] },
      rest: null,
      tail: null,
    });
    const places = Array.from({ length: 200_000 }, place);
    const anyHost = { ...place(), leaf: null, folded: new Map(places.map((each, index) => [`r${index}`, each])) };
    addPlainLiterals({ exactHosts: new Map(), wildcardHosts: [], anyHost });
    expect(places.every(({ only, leaf }) => only === leaf)).toBe(true);
    expect(anyHost.table).toBeNull();
  });
});
