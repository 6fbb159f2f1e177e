import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedMap, type Weighed } from '../../../src/identity/bounded-map.ts';

const entry = (weight: number): Weighed => ({ weight });

describe('BoundedMap', () => {
  it('gives up the oldest entry for a new one', () => {
    const map = new BoundedMap(2, 100);
    for (const key of ['a', 'b', 'c']) map.set(key, entry(1));
    expect(['a', 'b', 'c'].map((key) => map.get(key) !== undefined)).toEqual([false, true, true]);
  });

  it('makes an entry the youngest when it is set again', () => {
    const map = new BoundedMap(2, 100);
    for (const key of ['a', 'b', 'a', 'c']) map.set(key, entry(1));
    expect(['a', 'b', 'c'].map((key) => map.get(key) !== undefined)).toEqual([true, false, true]);
  });

  it('gives up as many as a heavy entry needs', () => {
    const map = new BoundedMap(10, 10);
    for (const key of ['a', 'b', 'c']) map.set(key, entry(3));
    map.set('d', entry(6));
    expect(['a', 'b', 'c', 'd'].map((key) => map.get(key) !== undefined)).toEqual([false, false, true, true]);
  });

  it('does not keep what is heavier than the whole, nor what that replaces', () => {
    const map = new BoundedMap(10, 10);
    map.set('other', entry(1));
    map.set('a', entry(1));
    map.set('a', entry(11));
    expect([map.get('a'), map.size]).toEqual([undefined, 1]);
  });

  it('holds nothing when nothing is allowed', () => {
    const map = new BoundedMap(0, 10);
    map.set('a', entry(1));
    expect(map.size).toBe(0);
  });

  it('behaves like a plain list of entries, whatever is done to it', () => {
    const step = fc.record({
      remove: fc.boolean(),
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      weight: fc.integer({ min: 0, max: 12 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const map = new BoundedMap(4, 10);
        let model: { key: string; weight: number }[] = [];
        for (const { remove, key, weight } of steps) {
          model = model.filter((item) => item.key !== key);
          if (remove) map.delete(key);
          else {
            map.set(key, entry(weight));
            if (weight <= 10) {
              const total = () => model.reduce((sum, item) => sum + item.weight, weight);
              while (model.length >= 4 || total() > 10) model.shift();
              model.push({ key, weight });
            }
          }
          expect(map.size).toBe(model.length);
          for (const item of model) expect(map.get(item.key)?.weight).toBe(item.weight);
        }
      }),
    );
  });
});
