import { describe, expect, it, vi } from 'vitest';
import { createTurns } from '../../../../../src/identity/sources/remote/turns.ts';

const never = Number.POSITIVE_INFINITY;

/** A call that ends on command. */
function held() {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { call: vi.fn(() => promise), end: () => resolve('done') };
}

describe('createTurns', () => {
  it('lets as many calls wait as may run, and no more', async () => {
    const { take } = createTurns(2);
    const calls = [held(), held(), held(), held()];
    const results = calls.map(({ call }) => take(call, never));
    expect(await take(async () => 'done', never)).toBe('busy');
    expect(calls.map(({ call }) => call.mock.calls.length)).toEqual([1, 1, 0, 0]);
    for (const { call, end } of calls) {
      await vi.waitFor(() => expect(call).toHaveBeenCalled());
      end();
    }
    expect(await Promise.all(results)).toEqual(calls.map(() => 'done'));
  });

  it('does not call when the turn comes after the deadline', async () => {
    const { take } = createTurns(1);
    const first = held();
    const running = take(first.call, never);
    const late = vi.fn(async () => 'done');
    const waiting = take(late, performance.now());
    first.end();
    await running;
    expect(await waiting).toBe('busy');
    expect(late).not.toHaveBeenCalled();
  });

  it('rethrows what a call throws', async () => {
    const { take } = createTurns(1);
    await expect(take(() => Promise.reject(new Error('broken')), never)).rejects.toThrow('broken');
    expect(await take(async () => 'done', never)).toBe('done');
  });
});
