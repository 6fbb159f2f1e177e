import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sieve, type SieveEntry } from '../../../src/identity/sieve.ts';

interface Item extends SieveEntry<Item> {
  readonly name: string;
}

function item(name: string, bytes = 1): Item {
  return { name, bytes, spared: false, older: null, newer: null };
}

function space(maxEntries: number, maxBytes = 1_000) {
  const left: string[] = [];
  const sieve = new Sieve<Item>(maxEntries, maxBytes, ({ name }) => left.push(name));
  return { sieve, left };
}

describe('Sieve', () => {
  it('gives up the oldest entry that was not used', () => {
    const { sieve, left } = space(3);
    const [a, b, c] = [item('a'), item('b'), item('c')];
    for (const one of [a, b, c]) sieve.add(one);
    a.spared = true;
    sieve.add(item('d'));
    expect(left).toEqual(['b']);
    expect(a.spared).toBe(false);
  });

  it('goes on where it stopped, so that every entry has its turn', () => {
    const { sieve, left } = space(3);
    const [a, b, c] = [item('a'), item('b'), item('c')];
    for (const one of [a, b, c]) {
      sieve.add(one);
      one.spared = true;
    }
    for (const name of ['d', 'e', 'f']) sieve.add(item(name));
    expect(left).toEqual(['a', 'b', 'c']);
  });

  it('keeps what is in use through a flood of entries that are used once', () => {
    const { sieve, left } = space(100);
    const good = Array.from({ length: 50 }, (_, index) => item(`good-${index}`));
    for (const one of good) sieve.add(one);
    for (let index = 0; index < 10_000; index += 1) {
      // Each good one is used about once while the flood brings a hundred.
      const used = good[index % 50];
      if (used !== undefined) used.spared = true;
      sieve.add(item(`once-${index}`));
    }
    expect(left.filter((name) => name.startsWith('good'))).toEqual([]);
    expect(sieve.size).toBe(100);
  });

  it('gives up as many as a large entry needs', () => {
    const { sieve, left } = space(10, 10);
    for (const name of ['a', 'b', 'c']) sieve.add(item(name, 3));
    expect(sieve.add(item('d', 6))).toBe(true);
    expect(left).toEqual(['a', 'b']);
    expect(sieve.bytes).toBe(9);
  });

  it('does not take what is larger than the whole, and gives up nothing for it', () => {
    const { sieve, left } = space(10, 10);
    sieve.add(item('a'));
    expect(sieve.add(item('b', 11))).toBe(false);
    expect([sieve.size, left]).toEqual([1, []]);
  });

  it('holds its bounds and its sums, whatever is done to it', () => {
    const step = fc.record({
      what: fc.constantFrom('add', 'use', 'remove'),
      at: fc.nat(20),
      bytes: fc.integer({ min: 0, max: 12 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const held = new Set<Item>();
        const sieve = new Sieve<Item>(4, 10, (one) => {
          // Nothing that was used since the hand passed has to go.
          expect(one.spared).toBe(false);
          expect(held.delete(one)).toBe(true);
        });
        for (const { what, at, bytes } of steps) {
          const one = [...held][at % Math.max(held.size, 1)];
          if (what === 'add') {
            const added = item('x', bytes);
            if (sieve.add(added)) held.add(added);
            else expect(bytes).toBeGreaterThan(10);
          } else if (one !== undefined && what === 'use') one.spared = true;
          else if (one !== undefined) {
            sieve.remove(one);
            held.delete(one);
          }
          expect(sieve.size).toBe(held.size);
          expect(sieve.bytes).toBe([...held].reduce((sum, other) => sum + other.bytes, 0));
          expect(sieve.size).toBeLessThanOrEqual(4);
          expect(sieve.bytes).toBeLessThanOrEqual(10);
        }
      }),
    );
  });
});
