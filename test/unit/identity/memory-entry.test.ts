import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryEntry } from '../../../src/identity/memory-entry.ts';
import { baseFor } from '../../../src/identity/time-base.ts';
import { identity } from './samples.ts';

const day = 86_400_000;
const nowMs = 1_700_000_000_000;

function entry(changes: { askedAtMs?: number; endMs?: number; moment?: number; baseMs?: number; lookups?: string[] }) {
  const { askedAtMs = nowMs, endMs = nowMs + 1, moment = nowMs, baseMs = nowMs, lookups = [] } = changes;
  const verdict = { identity: identity(), askedAtMs, endMs };
  return new MemoryEntry('bearer', 'a', verdict, { lookups, foreign: false, moment }, 0, { ms: baseMs });
}

describe('MemoryEntry', () => {
  it('tells its times as they were given, however far from the base', () => {
    const time = fc.integer({ min: 0, max: 100_000 * day });
    // Moments of the tombstones tell apart what happens in one millisecond.
    const instant = fc.integer({ min: 0, max: 1_023 }).map((part) => part / 1_024);
    fc.assert(
      fc.property(time, time, time, time, time, instant, (askedAtMs, endMs, wholeMs, baseMs, dueMs, part) => {
        const moment = wholeMs + part;
        const made = entry({ askedAtMs, endMs, moment, baseMs });
        made.dueMs = dueMs;
        expect([made.askedAtMs, made.endMs, made.moment, made.dueMs]).toEqual([askedAtMs, endMs, moment, dueMs]);
      }),
    );
  });

  it('is due at a whole millisecond, and never early', () => {
    const made = entry({});
    expect(made.dueMs).toBe(0);
    made.dueMs = nowMs + 0.25;
    expect(made.dueMs).toBe(nowMs + 1);
    // At the base itself it is in the wheel all the same.
    made.dueMs = nowMs;
    expect(made.dueMs).toBe(nowMs);
    made.dueMs = 0;
    expect(made.dueMs).toBe(0);
  });

  it.each([[[]], [['one']], [['current', 'previous']]])('tells its keyed names: %j', (lookups) => {
    expect(entry({ lookups }).lookups).toEqual(lookups);
  });
});

describe('baseFor', () => {
  it('keeps a base for days, and leaves it behind before times need more than 31 bits', () => {
    const base = { ms: nowMs };
    expect(baseFor(nowMs + 10 * day, base)).toBe(base);
    expect(baseFor(nowMs + 13 * day, base)).toEqual({ ms: nowMs + 13 * day });
    expect(baseFor(nowMs - 13 * day, base)).toEqual({ ms: nowMs - 13 * day });
  });
});
