/** Responses leave at equal steps, and waiting for one costs little. */
import { expect, test } from 'vitest';
import { inEqualTime } from '../../../src/auth-api/operations/equal-time.ts';

test('a result waits for a step of 10 ms, with little CPU time', async () => {
  const before = process.threadCpuUsage();
  for (let at = 0; at < 40; at += 1) {
    const startMs = performance.now();
    expect(await inEqualTime(async () => at)).toBe(at);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(10);
  }
  const { user, system } = process.threadCpuUsage(before);
  // At most the rest of a millisecond for each.
  expect((user + system) / 1_000).toBeLessThan(40 * 1.7);
});

test('a failure does not wait', async () => {
  const step = Promise.withResolvers<string>();
  const timer = setTimeout(() => step.resolve('a step'), 0);
  const failure = inEqualTime(() => Promise.reject(new Error('outage'))).catch((error: Error) => error.message);
  expect(await Promise.race([failure, step.promise])).toBe('outage');
  clearTimeout(timer);
});
