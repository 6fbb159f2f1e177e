import { describe, expect, it, vi } from 'vitest';
import { createGuard, type Guarded } from '../../../src/identity/auth-api-guard.ts';
import type { BreakerState } from '../../../src/identity/events.ts';

const works = async (): Promise<Guarded> => ({ outage: false });
const fails = async (): Promise<Guarded> => ({ outage: true });
const never = Number.POSITIVE_INFINITY;

function guard(changes: { concurrency?: number; failures?: number; openMs?: number } = {}) {
  const states: BreakerState[] = [];
  const { concurrency = 10, failures = 3, openMs = 60_000 } = changes;
  const made = createGuard<Guarded>({
    concurrency,
    breaker: { failures, openMs },
    onState: (state) => states.push(state),
  });
  return { states, run: made.run };
}

/** A call that ends when it is told to. */
function held() {
  let end = (_result: Guarded): void => {};
  const call = vi.fn(
    () =>
      new Promise<Guarded>((resolve) => {
        end = resolve;
      }),
  );
  return { call, end: (result: Guarded = { outage: false }) => end(result) };
}

describe('createGuard', () => {
  it('opens after consecutive failures and answers at once without calling', async () => {
    const { run, states } = guard({ failures: 3 });
    for (let index = 0; index < 3; index += 1) expect(await run(fails, never)).toEqual({ outage: true });
    const call = vi.fn(works);
    expect(await run(call, never)).toBe('busy');
    expect(call).not.toHaveBeenCalled();
    expect(states).toEqual(['open']);
  });

  it('does not open when a success lies between the failures', async () => {
    const { run, states } = guard({ failures: 2 });
    for (const call of [fails, works, fails, works, fails]) await run(call, never);
    expect(states).toEqual([]);
  });

  it('tries one call after a while, and lets nobody wait for it', async () => {
    const { run, states } = guard({ failures: 1, openMs: 1 });
    await run(fails, never);
    const trial = held();
    await vi.waitFor(() => {
      void run(trial.call, never);
      expect(trial.call).toHaveBeenCalled();
    });
    expect(await run(works, never)).toBe('busy');
    trial.end();
    await vi.waitFor(() => expect(states).toEqual(['open', 'half_open', 'closed']));
    expect(await run(works, never)).toEqual({ outage: false });
  });

  it('opens again when the trial fails', async () => {
    const { run, states } = guard({ failures: 1, openMs: 1 });
    await run(fails, never);
    await vi.waitFor(async () => expect(await run(fails, never)).toEqual({ outage: true }));
    expect(states).toEqual(['open', 'half_open', 'open']);
  });

  it('lets as many wait as may run, and no more', async () => {
    const { run } = guard({ concurrency: 2 });
    const calls = [held(), held(), held(), held()];
    const results = calls.map(({ call }) => run(call, never));
    expect(await run(works, never)).toBe('busy');
    expect(calls.map(({ call }) => call.mock.calls.length)).toEqual([1, 1, 0, 0]);
    for (const { call, end } of calls) {
      await vi.waitFor(() => expect(call).toHaveBeenCalled());
      end();
    }
    expect(await Promise.all(results)).toEqual(calls.map(() => ({ outage: false })));
  });

  it('does not call when the turn comes after the deadline', async () => {
    const { run } = guard({ concurrency: 1 });
    const first = held();
    const running = run(first.call, never);
    const late = vi.fn(works);
    const waiting = run(late, performance.now());
    first.end();
    await running;
    expect(await waiting).toBe('busy');
    expect(late).not.toHaveBeenCalled();
  });

  it('does not count being busy as success or failure', async () => {
    const { run, states } = guard({ concurrency: 1, failures: 2 });
    await run(fails, never);
    const running = held();
    const results = [run(running.call, never), run(works, performance.now()), run(works, performance.now())];
    expect(await results[2]).toBe('busy');
    running.end({ outage: true });
    await Promise.all(results);
    expect(states).toEqual(['open']);
  });
});
