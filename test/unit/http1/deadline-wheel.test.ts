import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Deadline, DeadlineWheel } from '../../../src/http1/deadline-wheel.ts';

const tickMs = 10;

class Entry implements Deadline {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  readonly firedAt: number[] = [];
  readonly act: () => void;

  constructor(act: () => void = () => {}) {
    this.act = act;
  }

  onDeadline(): void {
    this.firedAt.push(performance.now());
    this.act();
  }
}

describe('DeadlineWheel', () => {
  let wheel: DeadlineWheel;
  let start: number;

  beforeEach(() => {
    vi.useFakeTimers();
    wheel = new DeadlineWheel(tickMs);
    start = performance.now();
  });
  afterEach(() => vi.useRealTimers());

  it.each([
    ['at once', 0],
    ['within the first tick', 3],
    ['after some ticks', 250],
    ['after exactly one turn of the wheel', 512 * tickMs],
    ['after many turns', 3 * 512 * tickMs + 77],
  ])('fires once, never early and at most a tick late: %s', (_name, afterMs) => {
    const entry = new Entry();
    wheel.schedule(entry, start + afterMs);
    vi.advanceTimersByTime(afterMs + 10 * tickMs);
    expect(entry.firedAt).toHaveLength(1);
    const delay = entry.firedAt[0]! - start;
    expect(delay).toBeGreaterThanOrEqual(afterMs);
    expect(delay).toBeLessThanOrEqual(afterMs + 2 * tickMs);
    expect(wheel.size).toBe(0);
  });

  it('follows a deadline that moves later without a call to the wheel', () => {
    const entry = new Entry();
    wheel.schedule(entry, start + 100);
    vi.advanceTimersByTime(90);
    entry.deadlineAt = start + 300;
    vi.advanceTimersByTime(200);
    expect(entry.firedAt).toHaveLength(0);
    vi.advanceTimersByTime(30);
    expect(entry.firedAt).toHaveLength(1);
  });

  it('moves a deadline earlier when it is scheduled again', () => {
    const entry = new Entry();
    wheel.schedule(entry, start + 5_000);
    wheel.schedule(entry, start + 50);
    vi.advanceTimersByTime(80);
    expect(entry.firedAt).toHaveLength(1);
    expect(wheel.size).toBe(0);
  });

  it('never fires a cancelled deadline, and tolerates a second cancel', () => {
    const entry = new Entry();
    wheel.schedule(entry, start + 50);
    wheel.cancel(entry);
    wheel.cancel(entry);
    vi.advanceTimersByTime(200);
    expect(entry.firedAt).toHaveLength(0);
    expect(wheel.size).toBe(0);
  });

  it('lets a firing deadline cancel its neighbors and schedule itself again', () => {
    const neighbor = new Entry();
    const again: Entry = new Entry(() => {
      wheel.cancel(neighbor);
      if (again.firedAt.length === 1) wheel.schedule(again, performance.now() + 50);
    });
    const last = new Entry();
    for (const entry of [again, neighbor, last]) wheel.schedule(entry, start + 40);
    vi.advanceTimersByTime(60);
    expect([again, neighbor, last].map(({ firedAt }) => firedAt.length)).toEqual([1, 0, 1]);
    vi.advanceTimersByTime(100);
    expect(again.firedAt).toHaveLength(2);
  });

  it('fires everything that became due while the process was suspended', () => {
    const entries = Array.from({ length: 700 }, () => new Entry());
    entries.forEach((entry, i) => {
      wheel.schedule(entry, start + i * tickMs);
    });
    // The clock jumps by more than a turn of the wheel; only one turn runs afterwards.
    vi.spyOn(performance, 'now').mockReturnValue(start + 701 * tickMs);
    vi.advanceTimersToNextTimer();
    expect(entries.every(({ firedAt }) => firedAt.length === 1)).toBe(true);
  });

  it('keeps its timer only while something waits, plus one tick', () => {
    const entry = new Entry();
    expect(wheel.running).toBe(false);
    wheel.schedule(entry, start + 30);
    expect(vi.getTimerCount()).toBe(1);
    wheel.schedule(new Entry(), start + 35);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(100);
    expect(wheel.running).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
    wheel.schedule(entry, performance.now() + 30);
    vi.advanceTimersByTime(60);
    expect(entry.firedAt).toHaveLength(2);
  });
});
