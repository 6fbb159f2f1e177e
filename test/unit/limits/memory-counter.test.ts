/** Attempt counters in memory. */
import { describe, expect, it } from 'vitest';
import { createMemoryCounter } from '../../../src/limits/memory-counter.ts';

const minute = 60_000;

describe('createMemoryCounter', () => {
  it('counts in windows that start with the first attempt', async () => {
    let nowMs = 0;
    const counter = createMemoryCounter(() => nowMs);
    const counts = [];
    for (nowMs of [0, 100, 1_499, 1_500]) counts.push(await counter.add('kind', 'a', 1_500));
    expect(counts).toEqual([
      { attempts: 1, endsInMs: 1_500 },
      { attempts: 2, endsInMs: 1_400 },
      { attempts: 3, endsInMs: 1 },
      { attempts: 1, endsInMs: 1_500 },
    ]);
  });

  it('counts each key and kind separately', async () => {
    const counter = createMemoryCounter(() => 0);
    for (const [kind, key] of [
      ['x', 'a'],
      ['x', 'b'],
      ['y', 'a'],
      ['x', '__proto__'],
    ] as const) {
      expect((await counter.add(kind, key, minute)).attempts).toBe(1);
    }
    expect((await counter.add('x', 'a', minute)).attempts).toBe(2);
  });

  it('reverts attempts, and resets', async () => {
    const counter = createMemoryCounter(() => 0);
    for (let at = 0; at < 3; at += 1) await counter.add('kind', 'a', minute);
    await counter.remove('kind', 'a');
    expect((await counter.add('kind', 'a', minute)).attempts).toBe(3);
    await counter.forget('kind', 'a');
    expect(await counter.attempts('kind', 'a')).toBe(0);
    await counter.remove('kind', 'a');
    expect((await counter.add('kind', 'a', minute)).attempts).toBe(1);
    expect(await counter.attempts('kind', 'a')).toBe(1);
  });

  it('keeps keys near their limit through a flood of made-up keys', async () => {
    const counter = createMemoryCounter(() => 0);
    for (let at = 0; at < 5; at += 1) await counter.add('kind', 'victim', minute);
    for (let at = 0; at < 50_000; at += 1) await counter.add('kind', `made-up ${at}`, minute);
    expect((await counter.add('kind', 'victim', minute)).attempts).toBe(6);
  });

  it('evicts keys with the fewest attempts, the oldest first', async () => {
    const counter = createMemoryCounter(() => 0, 3);
    for (const key of ['twice', 'twice', 'old', 'new', 'newest']) await counter.add('kind', key, minute);
    const left = [];
    for (const key of ['twice', 'old', 'new', 'newest']) left.push((await counter.attempts('kind', key)) > 0);
    expect(left).toEqual([true, false, true, true]);
  });

  it('has room again after a flood has ended', async () => {
    let nowMs = 0;
    const counter = createMemoryCounter(() => nowMs, 3);
    for (const key of ['a', 'b', 'c']) for (let at = 0; at < 9; at += 1) await counter.add('kind', key, minute);
    nowMs = minute;
    for (const key of ['d', 'e']) await counter.add('kind', key, minute);
    expect([await counter.attempts('kind', 'd'), await counter.attempts('kind', 'e')]).toEqual([1, 1]);
  });

  it('keeps no window open longer when the clock is set back', async () => {
    let nowMs = 86_400_000;
    const counter = createMemoryCounter(() => nowMs);
    await counter.add('kind', 'key', minute);
    nowMs = 0;
    expect(await counter.add('kind', 'key', minute)).toEqual({ attempts: 2, endsInMs: minute });
    nowMs = minute;
    expect(await counter.attempts('kind', 'key')).toBe(0);
    expect((await counter.add('kind', 'key', minute)).attempts).toBe(1);
  });

  it('evicts nothing of another kind', async () => {
    const counter = createMemoryCounter(() => 0, 2);
    await counter.add('kind', 'a', minute);
    for (let at = 0; at < 10; at += 1) await counter.add('flooded', `made-up ${at}`, minute);
    expect(await counter.attempts('kind', 'a')).toBe(1);
  });
});
