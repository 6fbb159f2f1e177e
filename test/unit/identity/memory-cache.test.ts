import { describe, expect, it } from 'vitest';
import { MemoryCache } from '../../../src/identity/memory-cache.ts';
import { type Verdict, verdictOf } from '../../../src/identity/verdict.ts';
import { bearer, identity, keyPair } from './samples.ts';

const nowMs = 1_700_000_000_000;
const lifetimes = { acceptedMs: 30_000, rejectedMs: 5_000 };
const accepted = verdictOf(identity(), nowMs, lifetimes);
const rejected = verdictOf(null, nowMs, lifetimes);

function memory(changes: { maxAccepted?: number; maxRejected?: number; staleOnOutageMs?: number } = {}): MemoryCache {
  return new MemoryCache({ maxAccepted: 100, maxRejected: 100, staleOnOutageMs: 0, ...changes });
}

describe('MemoryCache', () => {
  it('returns the very same answer on every hit', () => {
    const cache = memory();
    cache.keep(bearer(), accepted, nowMs);
    const first = cache.find(bearer(), nowMs)?.resolution;
    expect(first).toMatchObject({ identity: accepted.identity, reason: null, stale: false, source: 'memory' });
    expect(cache.find(bearer(), nowMs + 1)?.resolution).toBe(first);
  });

  it('keeps good identities through a flood of rejected tokens', () => {
    const cache = memory({ maxAccepted: 3, maxRejected: 5 });
    cache.keep(bearer('good'), accepted, nowMs);
    for (let index = 0; index < 1_000; index += 1) cache.keep(bearer(`made-up-${index}`), rejected, nowMs);
    expect(cache.find(bearer('good'), nowMs)?.identity).toBe(accepted.identity);
    expect(cache.size).toEqual({ accepted: 1, rejected: 5 });
  });

  it('bounds the characters that long tokens take', () => {
    const cache = memory({ maxRejected: 100 });
    for (let index = 0; index < 100; index += 1) {
      cache.keep(bearer(`${index}${'x'.repeat(10_000)}`), rejected, nowMs);
    }
    expect(cache.size.rejected).toBe(10);
  });

  it('bounds the characters that roles and groups take', () => {
    const cache = memory({ maxAccepted: 10 });
    const groups = Array.from({ length: 20 }, () => 'g'.repeat(250));
    for (let index = 0; index < 10; index += 1) {
      cache.keep(bearer(String(index)), verdictOf(identity({ groups }), nowMs, lifetimes), nowMs);
    }
    expect(cache.size.accepted).toBe(2);
  });

  it('never finds a pair as a bearer, nor another pair with the same characters', () => {
    const cache = memory();
    cache.keep(keyPair('ab', 'cd'), accepted, nowMs);
    const lookalikes = [
      keyPair('abc', 'd'),
      keyPair('a', 'bcd'),
      bearer('abcd'),
      bearer('2:abcd'),
      keyPair('ab', 'cD'),
    ];
    expect(lookalikes.map((credential) => cache.find(credential, nowMs))).toEqual(lookalikes.map(() => null));
    expect(cache.find(keyPair('ab', 'cd'), nowMs)).not.toBeNull();
  });

  it.each([
    ['accepted', verdictOf(identity(), nowMs - 1, lifetimes), rejected],
    ['rejected', verdictOf(null, nowMs - 1, lifetimes), accepted],
  ])('does not let an earlier verdict that comes late replace a later one: %s', (_, earlier, later) => {
    const cache = memory();
    cache.keep(bearer(), later, nowMs);
    cache.keep(bearer(), earlier, nowMs);
    expect(cache.find(bearer(), nowMs)?.identity).toBe(later.identity);
  });

  it('forgets entries past their life when it meets them', () => {
    const cache = memory();
    cache.keep(bearer('yes'), accepted, nowMs);
    cache.keep(bearer('no'), rejected, nowMs);
    cache.find(bearer('yes'), nowMs + 30_000);
    cache.find(bearer('no'), nowMs + 5_000);
    expect(cache.size).toEqual({ accepted: 0, rejected: 0 });
  });

  it('does not believe a verdict from long after now: the clock was set back', () => {
    const cache = memory();
    cache.keep(bearer(), accepted, nowMs);
    expect(cache.find(bearer(), nowMs - 3_600_000)).toBeNull();
  });
});

describe('MemoryCache.findStale', () => {
  const expiring = verdictOf(identity({ expireAtMs: nowMs + 40_000 }), nowMs, lifetimes);

  it.each<[string, Verdict, number, number, boolean]>([
    ['within the time allowed', accepted, 60_000, 89_999, true],
    ['after the time allowed', accepted, 60_000, 90_000, false],
    ['before the credential ends', expiring, 60_000, 39_999, true],
    ['when the credential has ended', expiring, 60_000, 40_000, false],
    ['when nothing stale may be served', accepted, 0, 30_000, false],
    ['a rejected verdict', rejected, 60_000, 5_001, false],
  ])('%s', (_, verdict, staleOnOutageMs, afterMs, served) => {
    const cache = memory({ staleOnOutageMs });
    cache.keep(bearer(), verdict, nowMs);
    expect(cache.find(bearer(), nowMs + afterMs)).toBeNull();
    const held = cache.findStale(bearer(), nowMs + afterMs);
    expect(held !== null).toBe(served);
    if (served) expect(held?.accepted).toMatchObject({ identity: verdict.identity, stale: true, source: 'memory' });
  });

  it('serves nothing that was rejected since', () => {
    const cache = memory({ staleOnOutageMs: 60_000 });
    cache.keep(bearer(), accepted, nowMs);
    cache.keep(bearer(), verdictOf(null, nowMs + 31_000, lifetimes), nowMs + 31_000);
    expect(cache.findStale(bearer(), nowMs + 40_000)).toBeNull();
  });
});
