import { describe, expect, test } from 'vitest';
import { ClientBudgets } from '../../../src/http2/client-budgets.ts';

function times(count: number, what: () => boolean): boolean[] {
  return Array.from({ length: count }, what);
}

describe('the budgets of a client', () => {
  test('cover a burst of resets over all connections, and more as time passes', () => {
    let now = 0;
    const budgets = new ClientBudgets(0, () => now);
    budgets.connected('a');
    budgets.connected('a');
    expect(times(1_000, () => budgets.mayReset('a'))).not.toContain(false);
    expect(budgets.mayReset('a')).toBe(false);
    now = 1_000;
    expect(times(32, () => budgets.mayReset('a'))).not.toContain(false);
    expect(budgets.mayReset('a')).toBe(false);
  });

  test('are not restored by another connection, nor spent by another client', () => {
    const budgets = new ClientBudgets(0, () => 0);
    budgets.connected('a');
    budgets.connected('b');
    expect(times(1_001, () => budgets.mayControl('a')).at(-1)).toBe(false);
    budgets.disconnected('a');
    budgets.connected('a');
    expect(budgets.mayControl('a')).toBe(false);
    expect(budgets.mayControl('b')).toBe(true);
  });

  test('bound its open streams', () => {
    const budgets = new ClientBudgets(2);
    budgets.connected('a');
    expect(times(3, () => budgets.opens('a'))).toEqual([true, true, false]);
    budgets.closed('a');
    expect(budgets.opens('a')).toBe(true);
  });

  test('do not exist for a proxy with many clients', () => {
    const budgets = new ClientBudgets(1);
    budgets.connected(null);
    expect(times(2_000, () => budgets.mayReset(null) && budgets.mayControl(null) && budgets.opens(null))).not.toContain(
      false,
    );
    expect(budgets.size).toBe(0);
  });

  test('of clients that have left are forgotten once there are too many', () => {
    const budgets = new ClientBudgets(0);
    for (let at = 0; at < 20_000; at += 1) {
      budgets.connected(`client ${at}`);
      budgets.disconnected(`client ${at}`);
    }
    expect(budgets.size).toBeLessThanOrEqual(10_000);
  });
});
