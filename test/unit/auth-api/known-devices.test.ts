/** What a device keeps to be known by: for a bounded number of people, for a time, and under a secret that rotates. */
import { expect, test } from 'vitest';
import { deviceOf, maxDeviceLength, rememberDevice } from '../../../src/auth-api/limits/known-devices.ts';
import { createKeyedHashes } from '../../../src/auth-api/secrets/keyed-hashes.ts';

const [old, current] = ['an old secret of 32 characters, or more', 'the current secret, as long as the other'];
const day = 86_400_000;
const startMs = Date.UTC(2026, 0, 1);

/** `atMs`: since the start. */
function keysAt(atMs: number, ...secrets: [string, ...string[]]) {
  return { hashes: createKeyedHashes(secrets), now: () => startMs + atMs };
}

test('is of five people, without the one who signed in longest ago, and no longer than it may be', () => {
  const keys = keysAt(day, current);
  const people = ['ann', 'ben', 'cal', 'dan', 'eve', 'fay'];
  const kept = people.reduce((value, person) => rememberDevice(value, person, keys), '');
  expect(people.filter((person) => deviceOf(kept, person, keys) === null)).toEqual(['ann']);
  expect(kept.length).toBeLessThanOrEqual(maxDeviceLength);
  expect(kept).toMatch(/^[\w.~-]+$/);
  expect(kept).not.toMatch(/ann|ben|cal|dan|eve|fay/);
});

test('keeps its id when it is renewed, and ends after 90 days', () => {
  const kept = rememberDevice('', 'ann', keysAt(0, current));
  const id = deviceOf(kept, 'ann', keysAt(89 * day, current));
  expect(id).toMatch(/^[\w-]{16}$/);
  const renewed = rememberDevice(kept, 'ann', keysAt(89 * day, current));
  expect(renewed.split('~')).toHaveLength(1);
  expect(deviceOf(renewed, 'ann', keysAt(178 * day, current))).toBe(id);
  expect(deviceOf(kept, 'ann', keysAt(90 * day, current))).toBeNull();
});

test('rotates with the secret', () => {
  const kept = rememberDevice('', 'ann', keysAt(0, old));
  const id = deviceOf(kept, 'ann', keysAt(0, current, old));
  expect(id).not.toBeNull();
  const renewed = rememberDevice(kept, 'ann', keysAt(0, current, old));
  expect(deviceOf(renewed, 'ann', keysAt(0, current))).toBe(id);
  // Control: the first one is of the old secret alone.
  expect(deviceOf(kept, 'ann', keysAt(0, current))).toBeNull();
});
