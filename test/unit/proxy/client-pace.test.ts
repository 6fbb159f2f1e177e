import { describe, expect, test } from 'vitest';
import { ClientPace } from '../../../src/proxy/client-pace.ts';
import { MemoryBudget } from '../../../src/proxy/memory-budget.ts';

describe('the rate of a client', () => {
  const paceOf = (bytesPerSecond: number, graceMs = 1_000) => {
    const pace = new ClientPace(bytesPerSecond, graceMs, 0);
    pace.wait(1);
    return pace;
  };

  test('is measured after the client was waited for long enough', () => {
    const pace = paceOf(100);
    expect(pace.measure(401, 0, false)).toBe(600);
    expect(pace.measure(1_001, 100, false)).toBe(1_000);
  });

  test.each([
    ['just enough', 100, 1_000],
    ['one byte less', 99, null],
    ['nothing', 0, null],
  ])('%s', (_name, bytes, next) => {
    expect(paceOf(100).measure(1_001, bytes, false)).toBe(next);
  });

  test('does not include the bytes of an earlier window', () => {
    const pace = paceOf(100);
    expect(pace.measure(1_001, 1_000_000, false)).toBe(1_000);
    expect(pace.measure(2_001, 1_000_000, false)).toBeNull();
  });

  test('does not include time without waiting for the client', () => {
    const pace = paceOf(100);
    pace.hold(501);
    expect(pace.measure(60_000, 0, false)).toBe(500);
    pace.wait(60_001);
    expect(pace.measure(60_101, 0, false)).toBe(400);
    expect(pace.measure(60_501, 0, false)).toBeNull();
  });

  test('may fall behind for the whole grace while no other request waits', () => {
    const pace = paceOf(100, 60_000);
    expect(pace.measure(1, 0, true)).toBe(5_000);
    expect(pace.measure(5_001, 0, false)).toBe(1_000);
    expect(pace.measure(59_501, 0, false)).toBe(500);
    expect(pace.measure(59_501, 5_950, false)).toBe(5_000);
    expect(pace.measure(119_501, 5_950, false)).toBeNull();
  });

  test('may fall behind for five seconds while others wait', () => {
    for (const graceMs of [60_000, Number.POSITIVE_INFINITY]) {
      expect(paceOf(100, graceMs).measure(5_000, 0, true)).toBe(1);
      expect(paceOf(100, graceMs).measure(5_001, 0, true)).toBeNull();
      expect(paceOf(100, graceMs).measure(5_001, 500, true)).toBe(5_000);
    }
  });

  test('may be anything if the minimum is zero', () => {
    expect(paceOf(0).measure(1_000_000, 0, true)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('memory for bodies', () => {
  test('is bounded in total', () => {
    const memory = new MemoryBudget(100);
    expect(memory.take(60, null)).toBeNull();
    expect(memory.take(41, null)).toBe('overloaded');
    expect(memory.take(40, null)).toBeNull();
    memory.give(60, null);
    expect(memory.usedBytes).toBe(40);
  });

  test('is limited to a quarter for one client', () => {
    const memory = new MemoryBudget(100);
    expect(memory.take(25, 'one')).toBeNull();
    expect(memory.take(1, 'one')).toBe('client_busy');
    expect(memory.take(1, 'other')).toBeNull();
    memory.give(25, 'one');
    expect([memory.usedBytes, memory.clients]).toEqual([1, 1]);
    expect(memory.take(25, 'one')).toBeNull();
    memory.give(25, 'one');
    memory.give(1, 'other');
    expect([memory.usedBytes, memory.clients]).toEqual([0, 0]);
  });
});
