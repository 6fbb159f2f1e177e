import { expect, test } from 'vitest';
import { ClientBudget } from '../../../src/limits/client-budget.ts';

test('each client has its own budget in its window', () => {
  let nowMs = 0;
  const budget = new ClientBudget({ most: 2, windowMs: 1_000, now: () => nowMs });
  const take = (client?: string) => budget.take(client);
  expect([take('a'), take('a'), take('a'), take('b'), take(), take(), take()]).toEqual([
    ...[true, true, false],
    ...[true, true, true, false],
  ]);
  nowMs = 999;
  expect(take('a')).toBe(false);
  nowMs = 1_000;
  expect([take('a'), take('a'), take('a')]).toEqual([true, true, false]);
});

test('beyond the bound of clients, those that began first are forgotten', () => {
  const budget = new ClientBudget({ most: 1, windowMs: 1_000, mostClients: 2, now: () => 0 });
  expect(['a', 'b', 'b', 'c', 'b', 'a'].map((client) => budget.take(client))).toEqual([
    ...[true, true, false],
    ...[true, false, true],
  ]);
});
