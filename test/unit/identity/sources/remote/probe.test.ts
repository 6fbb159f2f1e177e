import { describe, expect, it } from 'vitest';
import { createProbe } from '../../../../../src/identity/sources/remote/remote-source.ts';

/** A probe whose exchanges end on command, with a manual clock. */
function heldProbe() {
  const clock = { nowMs: 1_700_000_000_000 };
  const pending: ((result: boolean) => void)[] = [];
  let asked = 0;
  const probe = createProbe(
    () =>
      new Promise<boolean>((resolve) => {
        asked += 1;
        pending.push(resolve);
      }),
    () => clock.nowMs,
  );
  const end = (result: boolean) => {
    for (const resolve of pending.splice(0)) resolve(result);
  };
  return { probe, clock, end, asked: () => asked };
}

describe('createProbe', () => {
  it('sends one request for all waiters, and again when the last result is too old', async () => {
    const { probe, clock, end, asked } = heldProbe();
    for (const round of [1, 2]) {
      const waiting = Array.from({ length: 20 }, () => probe());
      clock.nowMs += 5_000;
      waiting.push(probe());
      end(true);
      expect(await Promise.all(waiting)).toEqual(waiting.map(() => true));
      expect(asked()).toBe(round);
      clock.nowMs += 1_000;
    }
  });

  it('reuses a result for a second after its end', async () => {
    const { probe, clock, end, asked } = heldProbe();
    const first = probe();
    clock.nowMs += 2_000;
    end(false);
    expect(await first).toBe(false);
    clock.nowMs += 999;
    expect(await probe()).toBe(false);
    expect(asked()).toBe(1);
    clock.nowMs += 1;
    const second = probe();
    end(true);
    expect(await second).toBe(true);
  });
});
