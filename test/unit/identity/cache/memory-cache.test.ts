import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { MemoryCache, type MemoryCacheOptions } from '../../../../src/identity/cache/memory-cache.ts';
import { verdictOf } from '../../../../src/identity/lifetimes.ts';
import { type Revocation, Tombstones } from '../../../../src/identity/revocation/tombstones.ts';
import type { Verdict } from '../../../../src/identity/verdict.ts';
import { bearer, identity, keyPair } from '../samples.ts';

const nowMs = 1_700_000_000_000;
const lifetimes = { acceptedMs: 30_000, rejectedMs: 5_000 };
const accepted = verdictOf(identity(), nowMs, lifetimes);
const rejected = verdictOf(null, nowMs, lifetimes);

function memory(changes: Partial<MemoryCacheOptions> = {}): MemoryCache {
  const bounds = { maxAccepted: 100, maxRejected: 100, maxBytes: 10_000_000 };
  return new MemoryCache({ ...bounds, staleOnOutageMs: 0, random: () => 0.5, ...changes });
}

const origin = { lookups: ['a-keyed-name'], foreign: false };

describe('MemoryCache', () => {
  it('returns the same result on every hit', () => {
    const cache = memory();
    cache.keep(bearer(), accepted, nowMs);
    const expected = { identity: accepted.identity, reason: null, stale: false, source: 'memory' };
    for (const afterMs of [0, 1]) expect(cache.find(bearer(), nowMs + afterMs)?.resolution).toMatchObject(expected);
  });

  it('prints results without the credential', () => {
    const cache = memory();
    cache.keep(bearer('not-to-be-seen'), accepted, nowMs, origin);
    const { resolution } = cache.find(bearer('not-to-be-seen'), nowMs)!;
    expect(inspect(resolution, { depth: null, showHidden: true })).not.toContain('not-to-be-seen');
    expect(JSON.stringify(resolution)).not.toContain('not-to-be-seen');
  });

  it('prints results without other entries', () => {
    const cache = memory();
    const callers = ['caller-1', 'caller-2', 'caller-3'];
    for (const userId of callers) {
      cache.keep(bearer(userId), { ...accepted, identity: identity({ userId }) }, nowMs);
    }
    for (const userId of callers) {
      const { resolution } = cache.find(bearer(userId), nowMs)!;
      const shown = [
        inspect(resolution, { depth: null, showHidden: true }),
        JSON.stringify(resolution),
        inspect(structuredClone(resolution), { depth: null }),
      ];
      for (const text of shown) expect(callers.filter((caller) => text.includes(caller))).toEqual([userId]);
    }
  });

  it('keeps similar credentials like any others', () => {
    const evicted: string[] = [];
    const cache = memory({ onEvict: (space) => evicted.push(space) });
    const alike = (number: number) => bearer(`a${String(number).padStart(5, '.')}${'a'.repeat(60)}`);
    cache.keep(bearer('another'), accepted, nowMs);
    for (let number = 0; number < 50; number += 1) {
      cache.keep(alike(number), accepted, nowMs);
      expect(cache.find(alike(number), nowMs)).not.toBeNull();
    }
    expect(cache.size.accepted).toBe(51);
    expect(evicted).toEqual([]);
    expect(cache.find(bearer('another'), nowMs)).not.toBeNull();
  });

  it('keeps accepted identities through a flood of rejected tokens', () => {
    const cache = memory({ maxAccepted: 3, maxRejected: 5 });
    cache.keep(bearer('good'), accepted, nowMs);
    for (let index = 0; index < 1_000; index += 1) cache.keep(bearer(`made-up-${index}`), rejected, nowMs);
    expect(cache.find(bearer('good'), nowMs)?.identity).toBe(accepted.identity);
    expect(cache.size).toMatchObject({ accepted: 1, rejected: 5 });
  });

  it('keeps identities in use through a flood of single-use ones', () => {
    const evicted: string[] = [];
    const cache = memory({ maxAccepted: 20, onEvict: (space) => evicted.push(space) });
    for (let index = 0; index < 10; index += 1) cache.keep(bearer(`in-use-${index}`), accepted, nowMs);
    for (let index = 0; index < 1_000; index += 1) {
      expect(cache.find(bearer(`in-use-${index % 10}`), nowMs)).not.toBeNull();
      cache.keep(bearer(`once-${index}`), accepted, nowMs);
    }
    expect(cache.size.accepted).toBe(20);
    expect(evicted).toEqual(Array.from({ length: 990 }, () => 'accepted'));
  });

  it('keeps an identity in use when it is looked up again', () => {
    const cache = memory({ maxAccepted: 2 });
    cache.keep(bearer('in use'), accepted, nowMs);
    cache.find(bearer('in use'), nowMs);
    cache.keep(bearer('in use'), verdictOf(identity(), nowMs + 1, lifetimes), nowMs + 1);
    for (const other of ['a', 'b']) cache.keep(bearer(other), accepted, nowMs);
    expect(cache.find(bearer('in use'), nowMs + 1)).not.toBeNull();
  });

  it('bounds the bytes of long tokens', () => {
    const cache = memory({ maxRejected: 100, maxBytes: 800_000 });
    for (let index = 0; index < 100; index += 1) {
      cache.keep(bearer(`${index}${'x'.repeat(10_000)}`), rejected, nowMs);
    }
    expect(cache.size.rejected).toBe(9);
  });

  it('bounds the bytes of roles and groups', () => {
    const cache = memory({ maxBytes: 64_000 });
    const groups = Array.from({ length: 20 }, () => 'g'.repeat(1_000));
    for (let index = 0; index < 10; index += 1) {
      cache.keep(bearer(String(index)), verdictOf(identity({ groups }), nowMs, lifetimes), nowMs);
    }
    expect(cache.size.accepted).toBe(2);
    expect(cache.size.bytes).toBeLessThanOrEqual(56_000);
  });

  it('does not store a verdict larger than the whole cache', () => {
    const cache = memory({ maxBytes: 16_000 });
    cache.keep(bearer('small'), accepted, nowMs);
    cache.keep(bearer('x'.repeat(20_000)), accepted, nowMs);
    expect(cache.find(bearer('x'.repeat(20_000)), nowMs)).toBeNull();
    expect(cache.find(bearer('small'), nowMs)).not.toBeNull();
  });

  it('never confuses a pair with a bearer, or with another pair of the same characters', () => {
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
  ])('does not let a late, older verdict replace a newer one: %s', (_, earlier, later) => {
    const cache = memory();
    cache.keep(bearer(), later, nowMs);
    cache.keep(bearer(), earlier, nowMs);
    expect(cache.find(bearer(), nowMs)?.identity).toBe(later.identity);
  });

  it('removes expired entries on access', () => {
    const cache = memory();
    cache.keep(bearer('yes'), accepted, nowMs);
    cache.keep(bearer('no'), rejected, nowMs);
    cache.find(bearer('yes'), nowMs + 30_000);
    cache.find(bearer('no'), nowMs + 5_000);
    expect(cache.size).toEqual({ accepted: 0, rejected: 0, bytes: 0 });
  });

  it('ignores a verdict from far in the future, as after a clock was set back', () => {
    const cache = memory();
    cache.keep(bearer(), accepted, nowMs);
    expect(cache.find(bearer(), nowMs - 3_600_000)).toBeNull();
  });
});

describe('a revocation', () => {
  const { sessionId, userId } = identity();
  const ofSession: Revocation = { kind: 'session', id: sessionId ?? '' };

  it.each<[string, Revocation, boolean]>([
    ['of its session', ofSession, true],
    ['of its user', { kind: 'user', id: userId }, true],
    ['of its credential', { kind: 'credential', lookups: origin.lookups }, true],
    ['of everything', { kind: 'all' }, true],
    ['of another session', { kind: 'session', id: 'another' }, false],
    ['of another credential', { kind: 'credential', lookups: ['another'] }, false],
  ])('%s', (_, revocation, dropped) => {
    const tombstones = new Tombstones({ lifeMs: 60_000 });
    const voided: string[] = [];
    const cache = memory({ tombstones, onRevoked: () => voided.push('void') });
    cache.keep(bearer(), accepted, nowMs, origin);
    expect(cache.find(bearer(), nowMs + 1)).not.toBeNull();
    tombstones.add(revocation, nowMs + 2);
    expect(cache.find(bearer(), nowMs + 3) === null).toBe(dropped);
    expect(cache.size.accepted).toBe(dropped ? 0 : 1);
    expect(voided).toEqual(dropped ? ['void'] : []);
  });

  it('blocks a verdict requested before it, but not one requested after', () => {
    const tombstones = new Tombstones({ lifeMs: 60_000 });
    const cache = memory({ tombstones });
    tombstones.add(ofSession, nowMs);
    cache.keep(bearer(), accepted, nowMs + 1, origin);
    expect(cache.find(bearer(), nowMs + 1)).toBeNull();
    cache.keep(bearer(), verdictOf(identity(), nowMs + 1, lifetimes), nowMs + 1, origin);
    expect(cache.find(bearer(), nowMs + 1)).not.toBeNull();
  });

  it('blocks a verdict from another replica whose clock may be ahead', () => {
    const tombstones = new Tombstones({ lifeMs: 60_000 });
    const cache = memory({ tombstones });
    tombstones.add(ofSession, nowMs);
    const later = verdictOf(identity(), nowMs + 1_000, lifetimes);
    cache.keep(bearer(), later, nowMs + 1_000, { ...origin, foreign: true });
    expect(cache.find(bearer(), nowMs + 1_000)).toBeNull();
  });

  it('drops a rejection that may concern the revoked credential', () => {
    const tombstones = new Tombstones({ lifeMs: 60_000 });
    const cache = memory({ tombstones });
    cache.keep(bearer(), rejected, nowMs, origin);
    tombstones.add({ kind: 'credential', lookups: origin.lookups }, nowMs + 1);
    expect(cache.find(bearer(), nowMs + 2)).toBeNull();
    expect(cache.size.rejected).toBe(0);
  });

  it('does not end before the verdicts that it blocks', () => {
    const tombstones = new Tombstones({ lifeMs: 120_000 });
    const cache = memory({ tombstones, staleOnOutageMs: 60_000 });
    cache.keep(bearer(), accepted, nowMs, origin);
    tombstones.add(ofSession, nowMs + 31_000);
    expect(cache.findStale(bearer(), nowMs + 32_000)).toBeNull();
  });
});

describe('MemoryCache.advance', () => {
  /** Advances the clock in steps, and lists when the entry came due for its refresh. */
  function refreshes(cache: MemoryCache, untilMs: number): number[] {
    const at: number[] = [];
    for (let afterMs = 0; afterMs <= untilMs; afterMs += 100) {
      cache.advance(nowMs + afterMs, () => at.push(afterMs));
    }
    return at;
  }

  it('yields an entry in use at about 80 % of its life, and again if it was not refreshed', () => {
    const cache = memory();
    cache.keep(bearer(), accepted, nowMs);
    cache.find(bearer(), nowMs + 1);
    const [first = 0, ...more] = refreshes(cache, 30_000);
    expect(first).toBeGreaterThanOrEqual(24_000);
    expect(first).toBeLessThanOrEqual(24_200);
    expect(more.length).toBeGreaterThan(0);
    expect(more.length).toBeLessThan(5);
    expect(Math.max(...more)).toBeLessThan(30_000);
  });

  it('drops an unused entry when it ends', () => {
    const cache = memory();
    cache.keep(bearer(), accepted, nowMs);
    expect(refreshes(cache, 29_900)).toEqual([]);
    expect(cache.size.accepted).toBe(1);
    expect(refreshes(cache, 30_200)).toEqual([]);
    expect(cache.size).toMatchObject({ accepted: 0, bytes: 0 });
  });

  it('yields an entry that came into use late', () => {
    const cache = memory();
    cache.keep(bearer(), accepted, nowMs);
    refreshes(cache, 25_000);
    cache.find(bearer(), nowMs + 25_000);
    expect(refreshes(cache, 30_000).length).toBeGreaterThan(0);
  });

  it('yields a replaced entry at its new time, not at the old one', () => {
    const cache = memory();
    cache.keep(bearer(), accepted, nowMs);
    cache.keep(bearer(), verdictOf(identity(), nowMs + 10_000, lifetimes), nowMs + 10_000);
    cache.find(bearer(), nowMs + 10_001);
    expect(refreshes(cache, 33_000)).toEqual([]);
    expect(refreshes(cache, 34_500).length).toBe(1);
  });

  it('keeps an entry for an outage as long as it may be served, without refreshing it', () => {
    const cache = memory({ staleOnOutageMs: 10_000 });
    cache.keep(bearer(), accepted, nowMs);
    cache.find(bearer(), nowMs);
    expect(Math.max(...refreshes(cache, 39_900))).toBeLessThan(30_000);
    expect(cache.findStale(bearer(), nowMs + 39_900)).not.toBeNull();
    refreshes(cache, 40_200);
    expect(cache.size.accepted).toBe(0);
  });
});

describe('MemoryCache.findStale', () => {
  const expiring = verdictOf(identity({ expireAtMs: nowMs + 40_000 }), nowMs, lifetimes);

  it.each<[string, Verdict, number, number, boolean]>([
    ['within the allowed time', accepted, 60_000, 89_999, true],
    ['after the allowed time', accepted, 60_000, 90_000, false],
    ['before the credential expires', expiring, 60_000, 39_999, true],
    ['after the credential has expired', expiring, 60_000, 40_000, false],
    ['when stale verdicts are disabled', accepted, 0, 30_000, false],
    ['a rejected verdict', rejected, 60_000, 5_001, false],
  ])('%s', (_, verdict, staleOnOutageMs, afterMs, served) => {
    const cache = memory({ staleOnOutageMs });
    cache.keep(bearer(), verdict, nowMs);
    expect(cache.find(bearer(), nowMs + afterMs)).toBeNull();
    const held = cache.findStale(bearer(), nowMs + afterMs);
    expect(held !== null).toBe(served);
    if (served) expect(held?.accepted).toMatchObject({ identity: verdict.identity, stale: true, source: 'memory' });
  });

  it('serves nothing that has since been rejected', () => {
    const cache = memory({ staleOnOutageMs: 60_000 });
    cache.keep(bearer(), accepted, nowMs);
    cache.keep(bearer(), verdictOf(null, nowMs + 31_000, lifetimes), nowMs + 31_000);
    expect(cache.findStale(bearer(), nowMs + 40_000)).toBeNull();
  });
});
