import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { BreakerState } from '../../../../../src/identity/events.ts';
import { createCircuit, type Guarded } from '../../../../../src/identity/sources/remote/circuit.ts';

const ok: Guarded = { failed: false, waitS: null };
const bad: Guarded = { failed: true, waitS: null };
const works = async () => ok;
const fails = async () => bad;

function circuit({ failures = 3, openMs = 60_000 } = {}) {
  const states: BreakerState[] = [];
  const made = createCircuit<Guarded>({ breaker: { failures, openMs }, onState: (state) => states.push(state) });
  return { states, run: made.run, closed: () => made.closed };
}

describe('createCircuit', () => {
  it('opens after consecutive failures and then fails at once without a call', async () => {
    const { run, states, closed } = circuit({ failures: 3 });
    for (let index = 0; index < 3; index += 1) expect(await run(fails)).toEqual(bad);
    const call = vi.fn(works);
    expect(await run(call)).toBe('open');
    expect(call).not.toHaveBeenCalled();
    expect(states).toEqual(['open']);
    expect(closed()).toBe(false);
  });

  it('does not open when a success separates the failures', async () => {
    const { run, states, closed } = circuit({ failures: 2 });
    for (const call of [fails, works, fails, works, fails]) await run(call);
    expect(states).toEqual([]);
    expect(closed()).toBe(true);
  });

  it('tries one call after a while, and makes no request wait for it', async () => {
    const { run, states } = circuit({ failures: 1, openMs: 1 });
    await run(fails);
    const { promise, resolve } = Promise.withResolvers<Guarded>();
    const trial = vi.fn(() => promise);
    await vi.waitFor(() => {
      void run(trial);
      expect(trial).toHaveBeenCalled();
    });
    expect(await run(works)).toBe('open');
    resolve(ok);
    await vi.waitFor(() => expect(states).toEqual(['open', 'half_open', 'closed']));
    expect(await run(works)).toEqual(ok);
  });

  it('stays open no longer when the clock is set back', async () => {
    const { run } = circuit({ failures: 1, openMs: 1 });
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    await run(fails);
    vi.setSystemTime(Date.now() - 3_600_000);
    await vi.waitFor(async () => expect(await run(works)).toEqual(ok));
  });

  it('waits for as long as the service asks, up to a minute, whatever its own time', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    for (const [waitS, openForMs] of [
      [null, 500],
      [0, 500],
      [7, 7_000],
      [3_600, 60_000],
    ] as const) {
      const { run } = circuit({ failures: 1, openMs: 500 });
      await run(async () => ({ failed: true, waitS }));
      vi.advanceTimersByTime(openForMs - 1);
      expect(await run(works)).toBe('open');
      vi.advanceTimersByTime(1);
      expect(await run(works)).toEqual(ok);
    }
  });

  it('opens again when the trial fails', async () => {
    const { run, states } = circuit({ failures: 1, openMs: 1 });
    await run(fails);
    await vi.waitFor(async () => expect(await run(fails)).toEqual(bad));
    expect(states).toEqual(['open', 'half_open', 'open']);
  });
});
