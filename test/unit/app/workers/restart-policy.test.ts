import { expect, test } from 'vitest';
import { RestartPolicy } from '../../../../src/app/workers/worker-pool.ts';

const options = { goodMs: 1000, firstDelayMs: 100, longestDelayMs: 300, mostShort: 5 };

test('after a good life a worker is started at once', () => {
  const policy = new RestartPolicy(options);
  expect([1000, 5000, 1000].map((livedMs) => policy.ended(livedMs))).toEqual([0, 0, 0]);
});

test('after short lives later and later, and after too many in a row never', () => {
  const policy = new RestartPolicy(options);
  expect([999, 0, 0, 0, 0].map((livedMs) => policy.ended(livedMs))).toEqual([100, 200, 300, 300, null]);
});

test('a good life in between makes good for the short ones', () => {
  const policy = new RestartPolicy(options);
  expect([0, 0, 0, 1000, 0, 0].map((livedMs) => policy.ended(livedMs))).toEqual([100, 200, 300, 0, 200, 300]);
});
