/** Counting attempts in memory. */
import { describe, expect, it } from 'vitest';
import { createMemoryLimiter } from '../../../src/auth-api/limits/memory-limiter.ts';

const limit = { attempts: 2, windowMs: 1_500 };

describe('createMemoryLimiter', () => {
  it('allows as many as the limit, then tells how long to wait, in whole seconds', async () => {
    let nowMs = 0;
    const limiter = createMemoryLimiter(() => nowMs);
    const answers = [];
    for (nowMs of [0, 100, 200, 600, 1_499, 1_500]) answers.push(await limiter.attempt('a', limit));
    expect(answers).toEqual([null, null, 2, 1, 1, null]);
  });

  it('counts keys apart', async () => {
    const limiter = createMemoryLimiter(() => 0);
    const once = { attempts: 1, windowMs: 1_000 };
    expect(await limiter.attempt('a', once)).toBeNull();
    expect(await limiter.attempt('b', once)).toBeNull();
    expect(await limiter.attempt('__proto__', once)).toBeNull();
    expect(await limiter.attempt('a', once)).toBe(1);
  });

  it('forgets the oldest window when there are too many', async () => {
    const limiter = createMemoryLimiter(() => 0, 2);
    const once = { attempts: 1, windowMs: 1_000 };
    for (const key of ['a', 'b', 'c']) await limiter.attempt(key, once);
    expect(await limiter.attempt('c', once)).toBe(1);
    expect(await limiter.attempt('b', once)).toBe(1);
    expect(await limiter.attempt('a', once)).toBeNull();
  });

  it('forgets no window of a limit for windows of another', async () => {
    const limiter = createMemoryLimiter(() => 0, 2);
    const once = { attempts: 1, windowMs: 1_000 };
    await limiter.attempt('a', once);
    for (let key = 0; key < 10; key += 1) await limiter.attempt(`flood ${key}`, limit);
    expect(await limiter.attempt('a', once)).toBe(1);
  });
});
