import { afterEach, describe, expect, test, vi } from 'vitest';
import { ClientConnections } from '../../../src/request-line/client.ts';
import { LoadShedder } from '../../../src/request-line/load-shedder.ts';

afterEach(() => {
  vi.useRealTimers();
});

function sampled(...lagsMs: number[]): LoadShedder {
  const shedder = new LoadShedder(100);
  for (const lagMs of lagsMs) shedder.sample(lagMs, 1);
  return shedder;
}

/** Each sample: lag in milliseconds, share of time in which the event loop was not idle, and wait for a connection. */
function waiting(...samples: readonly (readonly [lagMs: number, busy: number, waitMs: number])[]): LoadShedder {
  let waitMs = 0;
  const shedder = new LoadShedder(100, () => waitMs);
  for (const [lagMs, busy, wait] of samples) {
    waitMs = wait;
    shedder.sample(lagMs, busy);
  }
  return shedder;
}

describe('the share of refused requests', () => {
  test.each([
    ['nothing under normal load', [1, 2, 3, 90, 99], 0],
    ['nothing after one long pause', [5_000], 0],
    ['nothing after two', [5_000, 5_000], 0],
    ['nothing after pauses with calm in between', [5_000, 5_000, 1, 5_000, 5_000, 1, 5_000, 5_000], 0],
    ['some after three in a row', [101, 101, 101], 0.2],
    ['more with each further one', [101, 101, 101, 101], 0.4],
    ['never everything', Array(50).fill(1_000), 0.95],
    ['the same just below the bound', [101, 101, 101, 60, 60, 60, 60], 0.2],
    ['less when calm', [101, 101, 101, 50], 0.1],
    ['nothing after a long calm', [...Array(50).fill(1_000), ...Array(11).fill(0)], 0],
  ])('%s', (_name, lags, share) => {
    expect(sampled(...lags).share).toBeCloseTo(share, 5);
  });

  test('matches the reported share', () => {
    const shedder = sampled(101, 101, 101);
    const refused = Array.from({ length: 100 }, () => shedder.refuses()).filter(Boolean);
    expect(refused.length).toBeGreaterThanOrEqual(19);
    expect(refused.length).toBeLessThanOrEqual(20);
    expect(sampled(1).refuses()).toBe(false);
  });

  test('is zero without a bound', () => {
    const shedder = new LoadShedder(0);
    shedder.start();
    for (let i = 0; i < 10; i += 1) shedder.sample(60_000, 1);
    expect([shedder.share, shedder.refuses()]).toEqual([0, false]);
  });
});

describe('a wait for connections to services', () => {
  const times = (count: number, ...sample: readonly [number, number, number]) => Array(count).fill(sample);
  test.each([
    ['counts while the event loop falls behind and is never idle', times(3, 30, 1, 90), 0.2],
    ['counts without end if every queue is full', times(4, 30, 1, Number.POSITIVE_INFINITY), 0.4],
    ['does not count while the event loop is idle at times: the service is slow', times(50, 30, 0.9, 5_000), 0],
    ['does not count if the event loop is busy and keeps up: the service is slow', times(50, 3, 1, 5_000), 0],
    [
      'counts in a check that is early in a long turn',
      [
        [60, 1, 200],
        [2, 1, 200],
        [4, 1, 200],
      ],
      0.2,
    ],
    ['counts no longer some time after a single pause', [[60, 1, 0], ...times(8, 1, 1, 0), ...times(10, 1, 1, 200)], 0],
    ['ends with the wait', [...times(5, 30, 1, 90), ...times(10, 30, 1, 0)], 0],
    ['ends with idle times', [...times(5, 30, 1, 90), ...times(10, 30, 0.5, 90)], 0],
  ])('%s', (_, samples, share) => {
    expect(waiting(...(samples as [number, number, number][])).share).toBeCloseTo(share, 5);
  });
});

test('requests that need not wait are refused for the lag alone', () => {
  const waits = waiting(...Array(10).fill([30, 1, 5_000]));
  expect([waits.refuses(), waits.refuses()]).toEqual([false, false]);
  expect([waits.refusesToWait(), waits.refusesToWait()]).toContain(true);
  const lags = waiting(...Array(10).fill([200, 1, 0]));
  expect([lags.refuses(), lags.refuses()]).toContain(true);
});

describe('of requests that have to wait, both shares together refuse', () => {
  test.each([
    ['a fifth at a share of 0.2', sampled(101, 101, 101), 0.2],
    ['at most the largest share', sampled(...Array(50).fill(1_000)), 0.95],
    ['the larger share', waiting([60, 1, 90], [101, 1, 0], [101, 1, 0], [101, 1, 0], [60, 1, 90]), 0.6],
  ])('%s', (_, shedder, share) => {
    const refused = Array.from({ length: 1_000 }, () => shedder.refuses() || shedder.refusesToWait()).filter(Boolean);
    expect(shedder.share).toBeCloseTo(share, 5);
    expect(refused.length / 1_000).toBeCloseTo(share, 2);
  });
});

test('the clock runs from start to stop', () => {
  vi.useFakeTimers();
  const shedder = new LoadShedder(100);
  shedder.start();
  shedder.start();
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(1_000);
  expect(shedder.lagMs).toBe(0);
  shedder.stop();
  expect(vi.getTimerCount()).toBe(0);
});

describe('connections of a client', () => {
  test('are bounded, and available again after they end', () => {
    const connections = new ClientConnections(2);
    expect([connections.opened('a'), connections.opened('a'), connections.opened('a')]).toEqual([true, true, false]);
    expect(connections.opened('b')).toBe(true);
    connections.closed('a');
    expect(connections.opened('a')).toBe(true);
  });

  test('leave no trace', () => {
    const connections = new ClientConnections(0);
    for (let i = 0; i < 5; i += 1) connections.opened('a');
    for (let i = 0; i < 5; i += 1) connections.closed('a');
    expect(connections.size).toBe(0);
  });
});
