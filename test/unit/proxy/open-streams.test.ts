/** When open streams are checked after a revocation. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DeadlineWheel } from '../../../src/http1/deadline-wheel.ts';
import { OpenStreams } from '../../../src/proxy/open-streams.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'Date', 'setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

/** `concerned`: what each stream says of a revocation. `checked` counts the checks of each. */
function open(count: number, concerned: boolean) {
  const streams = new OpenStreams(new DeadlineWheel());
  const checked = Array.from({ length: count }, () => 0);
  for (const index of checked.keys())
    streams.add({
      revoked() {
        checked[index]! += 1;
        return concerned;
      },
    });
  const ofThem = (times: number) => checked.filter((one) => one === times).length;
  return { streams, ofThem };
}

test('at once, also shortly after another revocation', () => {
  const { streams, ofThem } = open(3, true);
  for (const times of [1, 2, 3]) {
    streams.revoked();
    expect(ofThem(times)).toBe(3);
  }
});

test.each([
  ['checked', 5_000, false, 2_000],
  ['decided again', 500, true, 200],
])('many are %s in slices, one until the next tick', (_name, count, concerned, slice) => {
  const { streams, ofThem } = open(count, concerned);
  streams.revoked();
  expect(ofThem(1)).toBe(slice);
  vi.advanceTimersByTime(100);
  expect(ofThem(1)).toBeGreaterThan(slice);
  vi.advanceTimersByTime(200);
  expect(ofThem(1)).toBe(count);
});

test('all of them once more after a revocation during the check', () => {
  const { streams, ofThem } = open(5_000, false);
  streams.revoked();
  streams.revoked();
  vi.advanceTimersByTime(1_000);
  expect(ofThem(2)).toBe(5_000);
});
