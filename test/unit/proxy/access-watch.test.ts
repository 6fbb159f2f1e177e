/** How long a stream continues while its access cannot be rechecked. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Allow, type Decision, refuse, type Trail } from '../../../src/core/decision.ts';
import { AccessWatch } from '../../../src/proxy/access-watch.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

const granted = { outcome: 'allow', identity: null, route: { recheckMs: 1_000 } } as unknown as Allow;
const trail: Trail = { stage: 'resolve', request: null, route: null, identity: null, source: 'none', resolution: null };
const unknown: Decision = refuse(trail, 'auth_unavailable');

/** Rechecks every three seconds, with delayed results, until the stream ends; returns the seconds that it lasted. */
async function lastsFor(revokedWhileAsked: boolean): Promise<number> {
  let ended = false;
  let revoked = false;
  const stream = {
    decideAgain: () => {
      revoked = revokedWhileAsked;
      return Promise.resolve(unknown);
    },
    mayBeRevoked: () => revoked,
    endAccess: () => {
      ended = true;
    },
    lookAt: () => {},
  };
  const watch = new AccessWatch(stream, granted, 0, { rechecked: () => {} }, Date.now);
  watch.begin();
  let seconds = 0;
  for (; !ended && seconds < 120; seconds += 3) {
    vi.advanceTimersByTime(3_000);
    watch.look();
    await Promise.resolve();
    await Promise.resolve();
  }
  return seconds;
}

test('a minute if nothing was revoked', async () => {
  expect(await lastsFor(false)).toBeGreaterThanOrEqual(60);
});

test('seconds if something was revoked, even during a recheck', async () => {
  expect(await lastsFor(true)).toBeLessThan(20);
});
