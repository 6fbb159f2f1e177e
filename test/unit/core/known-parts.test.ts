import { expect, test } from 'vitest';
import { KnownParts } from '../../../src/core/routing/known-parts.ts';
import { hashOf } from '../../../src/core/routing/literal-table.ts';

function counting() {
  const read: string[] = [];
  const parts = new KnownParts((part) => {
    read.push(part);
    if (part === 'bad') throw new RangeError('bad');
    return { part };
  });
  return { read, of: (part: string) => parts.read(`(${part})`, 1, part.length + 1) };
}

test('a part that is repeated is read once', () => {
  const { read, of } = counting();
  expect(of('orders')).toEqual({ part: 'orders' });
  expect(of('orders')).toBe(of('orders'));
  expect(of('')).toBe(of(''));
  expect(read).toEqual(['orders', '']);
});

test('two parts with one hash are two', () => {
  const hash = (text: string) => hashOf(text, 0, text.length);
  expect(hash('costarring')).toBe(hash('liquid'));
  const { of } = counting();
  for (let turn = 0; turn < 2; turn += 1) {
    expect(of('costarring')).toEqual({ part: 'costarring' });
    expect(of('liquid')).toEqual({ part: 'liquid' });
  }
});

test('a part that cannot be read is tried again', () => {
  const { read, of } = counting();
  expect(() => of('bad')).toThrow('bad');
  expect(() => of('bad')).toThrow('bad');
  expect(read).toEqual(['bad', 'bad']);
});

test('long parts, and those beyond a thousand, are read each time', () => {
  const { read, of } = counting();
  const [short, long] = ['x'.repeat(24), 'x'.repeat(25)];
  expect([of(short), of(short), of(long), of(long)].map(({ part }) => part)).toEqual([short, short, long, long]);
  expect(read.splice(0)).toEqual([short, long, long]);
  for (let turn = 0; turn < 2; turn += 1) {
    for (let number = 0; number < 1010; number += 1) expect(of(`p${number}`)).toEqual({ part: `p${number}` });
  }
  expect(read).toHaveLength(1010 + 11);
});
