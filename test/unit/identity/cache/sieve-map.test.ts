import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SieveMap } from '../../../../src/identity/cache/sieve-map.ts';

function space(maxEntries: number, maxBytes = 1_000) {
  const evicted: string[] = [];
  const map = new SieveMap<string>(maxEntries, maxBytes, (value) => evicted.push(value));
  const add = (...names: string[]) => {
    for (const name of names) map.set(name, name, 1);
  };
  return { map, add, evicted };
}

describe('SieveMap', () => {
  it('evicts the oldest unused entry', () => {
    const { map, add, evicted } = space(3);
    add('a', 'b', 'c');
    map.get('a');
    add('d');
    expect(evicted).toEqual(['b']);
    expect(['a', 'b', 'c', 'd'].map((key) => map.peek(key))).toEqual(['a', undefined, 'c', 'd']);
  });

  it('does not count a peek as use', () => {
    const { map, add, evicted } = space(2);
    add('a', 'b');
    map.peek('a');
    add('c');
    expect(evicted).toEqual(['a']);
  });

  it('resumes where it stopped, so every entry has its turn', () => {
    const { map, add, evicted } = space(3);
    add('a', 'b', 'c');
    for (const key of ['a', 'b', 'c']) map.get(key);
    add('d', 'e', 'f');
    expect(evicted).toEqual(['a', 'b', 'c']);
  });

  it('keeps entries in use through a flood of single-use entries', () => {
    const { map, add, evicted } = space(100);
    const good = Array.from({ length: 50 }, (_, index) => `good-${index}`);
    add(...good);
    for (let index = 0; index < 10_000; index += 1) {
      // Each entry in use is read about once per hundred entries of the flood.
      map.get(good[index % 50]!);
      add(`once-${index}`);
    }
    expect(evicted.filter((name) => name.startsWith('good'))).toEqual([]);
    expect(map.size).toBe(100);
  });

  it('evicts as many entries as a large one needs', () => {
    const { map, evicted } = space(10, 10);
    for (const name of ['a', 'b', 'c']) map.set(name, name, 3);
    expect(map.set('d', 'd', 6)).toBe(true);
    expect(evicted).toEqual(['a', 'b']);
    expect(map.bytes).toBe(9);
  });

  it('refuses an entry larger than the whole cache, and evicts nothing for it', () => {
    const { map, add, evicted } = space(10, 10);
    add('a');
    expect(map.set('b', 'b', 11)).toBe(false);
    expect([map.size, evicted]).toEqual([1, []]);
  });

  it('replaces a value in place and keeps its use mark', () => {
    const { map, add, evicted } = space(3, 10);
    add('a', 'b', 'c');
    map.get('a');
    map.set('a', 'again', 8);
    expect([map.peek('a'), map.bytes, evicted]).toEqual(['again', 10, []]);
    map.set('a', 'larger', 10);
    expect([map.peek('a'), map.size, map.bytes, evicted]).toEqual(['larger', 1, 10, ['b', 'c']]);
  });

  it('keeps its bounds and sums, whatever the operations', () => {
    const step = fc.record({
      what: fc.constantFrom('set', 'get', 'delete'),
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
      bytes: fc.integer({ min: 0, max: 12 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const held = new Map<string, number>();
        const map = new SieveMap<string>(4, 10, (key) => expect(held.delete(key)).toBe(true));
        for (const { what, key, bytes } of steps) {
          if (what === 'get') expect(map.get(key)).toBe(held.has(key) ? key : undefined);
          else if (what === 'set' && bytes <= 10) {
            held.set(key, bytes);
            expect(map.set(key, key, bytes)).toBe(true);
          } else {
            held.delete(key);
            if (what === 'delete') map.delete(key);
            else expect(map.set(key, key, bytes)).toBe(false);
          }
          expect(map.size).toBe(held.size);
          expect(map.bytes).toBe([...held.values()].reduce((sum, one) => sum + one, 0));
          expect(map.size).toBeLessThanOrEqual(4);
          expect(map.bytes).toBeLessThanOrEqual(10);
        }
      }),
    );
  });
});
