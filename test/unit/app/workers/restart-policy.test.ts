import { expect, test } from 'vitest';
import { RestartPolicy } from '../../../../src/app/workers/worker-pool.ts';

const options = { goodMs: 1000, firstDelayMs: 100, maxDelayMs: 300, maxShort: 5 };

test('restarts a worker at once after a long life', () => {
  const policy = new RestartPolicy(options);
  expect([1000, 5000, 1000].map((livedMs) => policy.ended(livedMs))).toEqual([0, 0, 0]);
});

test('delays restarts more after each short life, and stops after too many in a row', () => {
  const policy = new RestartPolicy(options);
  expect([999, 0, 0, 0, 0].map((livedMs) => policy.ended(livedMs))).toEqual([100, 200, 300, 300, null]);
});

test('a long life in between resets the count', () => {
  const policy = new RestartPolicy(options);
  expect([0, 0, 0, 1000, 0, 0].map((livedMs) => policy.ended(livedMs))).toEqual([100, 200, 300, 0, 200, 300]);
});
