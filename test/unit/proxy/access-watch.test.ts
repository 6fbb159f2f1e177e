/** How long a stream continues while its access cannot be rechecked. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Allow, type Decision, refuse, type Trail } from '../../../src/core/decision.ts';
import { DeadlineWheel } from '../../../src/http1/deadline-wheel.ts';
import { AccessWatch } from '../../../src/proxy/access-watch.ts';
import type { ExchangeParts } from '../../../src/proxy/exchange-parts.ts';
import { OpenStreams } from '../../../src/proxy/open-streams.ts';
import type { RequestContext } from '../../../src/request-line/request-context.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

const granted = { outcome: 'allow', identity: null, route: { recheckMs: 1_000 } } as unknown as Allow;
const trail: Trail = { stage: 'resolve', request: null, route: null, identity: null, source: 'none', resolution: null };
const unknown: Decision = refuse(trail, 'auth_unavailable');

/** Rechecks every three seconds, with delayed results, until the stream ends; returns the seconds that it lasted. */
async function lastsFor(revokedWhileAsked: boolean): Promise<number> {
  let ended = false;
  let revoked = false;
  const context = {
    startedAt: performance.now(),
    endAccess: () => {
      ended = true;
    },
  } as unknown as RequestContext;
  const parts = {
    now: Date.now,
    streams: new OpenStreams(new DeadlineWheel()),
    decideAgain: () => {
      revoked = revokedWhileAsked;
      return Promise.resolve(unknown);
    },
    mayBeRevoked: () => revoked,
  } as unknown as ExchangeParts;
  const watch = new AccessWatch(context, granted, parts, { watchAccess: () => {} });
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
