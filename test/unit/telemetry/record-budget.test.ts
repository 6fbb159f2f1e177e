/** Floods of one reason leave room for the others: in a second, in memory, and in Redis. */
import { expect, test } from 'vitest';
import { fairLength } from '../../../src/telemetry/records/fair-length.ts';
import { RecordBudget } from '../../../src/telemetry/records/record-budget.ts';

test('each reason has its own budget in a second, and the first of each is always recorded', () => {
  const budget = new RecordBudget(2);
  const taken = (reason: string | null, times: number, nowMs = 1000) =>
    Array.from({ length: times }, () => budget.take(reason, nowMs)).filter((took) => took).length;
  expect(taken('auth_busy', 100)).toBe(2);
  expect(taken('role_missing', 1)).toBe(1);
  expect(taken(null, 100)).toBe(2);
  // Ten of all reasons together, but one of each.
  const more = ['a', 'b', 'c', 'd', 'e', 'f'].map((reason) => taken(reason, 2));
  expect(more).toEqual([2, 2, 1, 1, 1, 1]);
  expect(taken('auth_busy', 100, 2000)).toBe(2);
});

test.each([
  ['fits', [3, 4], 7, Number.POSITIVE_INFINITY],
  ['cuts only the longest', [1, 2, 100], 13, 10],
  ['makes the long ones equal', [1, 50, 100], 21, 10],
  ['leaves one of nothing', [], 5, Number.POSITIVE_INFINITY],
  ['shares less than one each', [5, 5, 5], 2, 0],
] as const)('the fair length %s', (_, lengths, most, expected) => {
  expect(fairLength(lengths, most)).toBe(expected);
});
