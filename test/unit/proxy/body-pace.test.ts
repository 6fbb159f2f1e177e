import { describe, expect, test } from 'vitest';
import { BodyPace } from '../../../src/proxy/body-pace.ts';
import { MemoryBudget } from '../../../src/proxy/memory-budget.ts';

describe('the rate of a body', () => {
  test('is measured after the client was waited for long enough', () => {
    const pace = new BodyPace(100, 1_000);
    pace.wait(10);
    expect(pace.measure(410)).toBe(600);
    pace.arrived(100);
    expect(pace.measure(1_010)).toBe(1_000);
  });

  test.each([
    ['just enough', 100, 1_000],
    ['one byte less', 99, null],
    ['nothing', 0, null],
  ])('%s', (_name, bytes, next) => {
    const pace = new BodyPace(100, 1_000);
    pace.wait(1);
    pace.arrived(bytes);
    expect(pace.measure(1_001)).toBe(next);
  });

  test('bytes sent in one window do not count in the next', () => {
    const pace = new BodyPace(100, 1_000);
    pace.wait(1);
    pace.arrived(1_000_000);
    expect(pace.measure(1_001)).toBe(1_000);
    expect(pace.measure(2_001)).toBeNull();
  });

  test('time without waiting for the client does not count', () => {
    const pace = new BodyPace(100, 1_000);
    pace.wait(1);
    pace.hold(501);
    expect(pace.measure(60_000)).toBe(500);
    pace.wait(60_001);
    expect(pace.measure(60_101)).toBe(400);
    expect(pace.measure(60_501)).toBeNull();
  });

  test('a rate of zero accepts any rate', () => {
    const pace = new BodyPace(0, 1_000);
    pace.wait(1);
    expect(pace.measure(1_000_000)).toBe(Number.POSITIVE_INFINITY);
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
