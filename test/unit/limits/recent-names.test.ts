/** Names that are kept for a limited time. */
import { expect, test } from 'vitest';
import { RecentNames } from '../../../src/limits/recent-names.ts';

test('a name is kept until its time ends', () => {
  const names = new RecentNames(10);
  names.add('a', 100);
  expect([names.has('a', 99), names.has('a', 100), names.has('b', 0)]).toEqual([true, false, false]);
  names.add('a', 200);
  expect(names.has('a', 199)).toBe(true);
  names.delete('a');
  expect(names.has('a', 199)).toBe(false);
});

test('beyond the bound, the oldest names are evicted', () => {
  const names = new RecentNames(40);
  for (let at = 0; at < 1_000; at += 1) names.add(`${at}`, 10);
  const held = Array.from({ length: 1_000 }, (_, at) => at).filter((at) => names.has(`${at}`, 0));
  expect(held.at(-1)).toBe(999);
  expect(held.length).toBeLessThanOrEqual(40);
  expect(held.length).toBeGreaterThan(30);
  expect(held[0]).toBe(1_000 - held.length);
});

test('a name that is already kept takes no additional place', () => {
  const names = new RecentNames(3);
  for (const name of ['a', 'b', 'c', 'b', 'b']) names.add(name, 10);
  expect(['a', 'b', 'c'].map((name) => names.has(name, 0))).toEqual([true, true, true]);
});
