import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { BreakerState } from '../../../../../src/identity/events.ts';
import { createCircuit, type Guarded } from '../../../../../src/identity/sources/remote/circuit.ts';

const works = async (): Promise<Guarded> => ({ failed: false });
const fails = async (): Promise<Guarded> => ({ failed: true });

function circuit({ failures = 3, openMs = 60_000 } = {}) {
  const states: BreakerState[] = [];
  const made = createCircuit<Guarded>({ breaker: { failures, openMs }, onState: (state) => states.push(state) });
  return { states, run: made.run, closed: () => made.closed };
}

describe('createCircuit', () => {
  it('opens after consecutive failures and then fails at once without a call', async () => {
    const { run, states, closed } = circuit({ failures: 3 });
    for (let index = 0; index < 3; index += 1) expect(await run(fails)).toEqual({ failed: true });
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
    resolve({ failed: false });
    await vi.waitFor(() => expect(states).toEqual(['open', 'half_open', 'closed']));
    expect(await run(works)).toEqual({ failed: false });
  });

  it('stays open no longer when the clock is set back', async () => {
    const { run } = circuit({ failures: 1, openMs: 1 });
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    await run(fails);
    vi.setSystemTime(Date.now() - 3_600_000);
    await vi.waitFor(async () => expect(await run(works)).toEqual({ failed: false }));
  });

  it('opens again when the trial fails', async () => {
    const { run, states } = circuit({ failures: 1, openMs: 1 });
    await run(fails);
    await vi.waitFor(async () => expect(await run(fails)).toEqual({ failed: true }));
    expect(states).toEqual(['open', 'half_open', 'open']);
  });
});
