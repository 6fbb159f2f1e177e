import { describe, expect, test } from 'vitest';
import { tombstoneLifeMs } from '../../../../src/identity/lifetimes.ts';
import {
  allowedSkewMs,
  type Revocation,
  Tombstones,
  type VerdictSubject,
} from '../../../../src/identity/revocation/tombstones.ts';

const ann: VerdictSubject = {
  lookups: ['name-of-ann', 'old-name'],
  sessionId: 'S1',
  keyId: null,
  userId: 'u1',
  issued: null,
};
const robot: VerdictSubject = { lookups: ['name-of-robot'], sessionId: null, keyId: 'k1', userId: 'u2', issued: null };
const rejected: VerdictSubject = {
  lookups: ['name-of-nobody'],
  sessionId: null,
  keyId: null,
  userId: null,
  issued: null,
};
const unnamed: VerdictSubject = { ...ann, lookups: [] };

const cases: { name: string; revocation: Revocation; hits: VerdictSubject[]; misses: VerdictSubject[] }[] = [
  { name: 'a session', revocation: { kind: 'session', id: 's1' }, hits: [ann, rejected], misses: [robot] },
  { name: 'a key pair', revocation: { kind: 'keyPair', id: 'K1' }, hits: [robot, rejected], misses: [ann] },
  { name: 'a user', revocation: { kind: 'user', id: 'u1' }, hits: [ann, unnamed, rejected], misses: [robot] },
  { name: 'an id of another kind', revocation: { kind: 'user', id: 's1' }, hits: [], misses: [ann, robot] },
  {
    name: 'a credential, by any of its names',
    revocation: { kind: 'credential', lookups: ['old-name'] },
    hits: [ann, unnamed],
    misses: [robot, rejected],
  },
  { name: 'everything', revocation: { kind: 'all' }, hits: [ann, robot, rejected, unnamed], misses: [] },
];

test.each(cases)('$name', ({ revocation, hits, misses }) => {
  const tombstones = new Tombstones({ lifeMs: 60_000 });
  for (const subject of [...hits, ...misses]) expect(tombstones.revokes(subject, 0, false)).toBe(false);
  tombstones.add(revocation, 1_000);
  for (const subject of hits) {
    expect(tombstones.revokes(subject, 1_000, false)).toBe(true);
    expect(tombstones.revokes(subject, 1_001, false)).toBe(false);
  }
  for (const subject of misses) expect(tombstones.revokes(subject, 1_000, false)).toBe(false);
});

test('a verdict of another replica is void while its clock may be ahead', () => {
  const tombstones = new Tombstones({ lifeMs: 60_000 });
  tombstones.add({ kind: 'session', id: 's1' }, 1_000);
  expect(tombstones.revokes(ann, 1_000 + allowedSkewMs, true)).toBe(true);
  expect(tombstones.revokes(ann, 1_001 + allowedSkewMs, true)).toBe(false);
  expect(tombstones.revokes(rejected, 1_001, true)).toBe(false);
});

test('tombstones taken over from another replica apply as they do there', () => {
  const [earlier, later] = [new Tombstones({ lifeMs: 60_000 }), new Tombstones({ lifeMs: 60_000 })];
  earlier.add({ kind: 'all' }, 500);
  earlier.add({ kind: 'session', id: 's1' }, 1_000);
  earlier.add({ kind: 'credential', lookups: ['name-of-robot'] }, 2_000);
  const version = later.changes.count;
  later.takeOver(earlier);
  expect(later.changes.count).toBeGreaterThan(version);
  for (const subject of [ann, robot, rejected, unnamed]) {
    for (const askedAtMs of [500, 501, 1_000, 1_001, 2_000, 2_001]) {
      expect(later.revokes(subject, askedAtMs, false)).toBe(earlier.revokes(subject, askedAtMs, false));
    }
  }
  expect([later.size, later.asking(0)]).toEqual([2, 2_000 + 2 ** -10]);
});

test('a takeover also voids verdicts requested here before', () => {
  const [earlier, later] = [new Tombstones({ lifeMs: 60_000 }), new Tombstones({ lifeMs: 60_000 })];
  const before = earlier.asking(1_000);
  later.takeOver(earlier);
  const still = earlier.asking(1_000);
  expect(earlier.revokes(ann, still, false)).toBe(false);
  const version = earlier.changes.count;
  // In the same millisecond.
  later.add({ kind: 'session', id: 's1' }, 1_000);
  expect(earlier.changes.count).toBeGreaterThan(version);
  for (const asked of [before, still]) {
    expect(earlier.revokes(ann, asked, false)).toBe(true);
    expect(earlier.revokes(robot, asked, false)).toBe(false);
  }
  expect(earlier.revokes(ann, earlier.asking(1_000), false)).toBe(false);
  // Its name may belong to another secret, so it may be any credential's.
  later.add({ kind: 'credential', lookups: ['name-of-nobody-here'] }, 2_000);
  expect(earlier.revokes(robot, still, false)).toBe(true);
  expect(earlier.revokes(robot, earlier.asking(2_000), false)).toBe(false);
  const last = new Tombstones({ lifeMs: 60_000 });
  last.takeOver(later);
  const asked = earlier.asking(3_000);
  last.add({ kind: 'user', id: 'u2' }, 3_000);
  expect(earlier.revokes(robot, asked, false)).toBe(true);
});

test('tombstones received as plain data apply as they do at the sender, and existing ones stay', () => {
  const [earlier, later] = [new Tombstones({ lifeMs: 60_000 }), new Tombstones({ lifeMs: 60_000 })];
  const subject = { lookups: ['a'], sessionId: 'S1', keyId: null, userId: 'u1', issued: null };
  later.add({ kind: 'user', id: 'u1' }, 500);
  const own = later.changes.count;
  later.restore(JSON.parse(JSON.stringify(earlier.data())));
  expect(later.revokes(subject, 500, false)).toBe(true);
  expect(later.revokes(subject, 501, false)).toBe(false);
  expect(later.changes.count).toBeGreaterThan(own);
  earlier.add({ kind: 'session', id: 's1' }, 1000);
  earlier.add({ kind: 'credential', lookups: ['b'] }, 2000);
  later.restore(JSON.parse(JSON.stringify(earlier.data())));
  expect(later.revokes(subject, 1000, false)).toBe(true);
  expect(later.revokes(subject, 1001, false)).toBe(false);
  expect(later.revokes({ ...subject, lookups: ['b'] }, 2000, false)).toBe(true);
  // A rejection from before may concern the session.
  const rejected = { lookups: ['c'], sessionId: null, keyId: null, userId: null, issued: null };
  expect(later.revokes(rejected, 1000, false)).toBe(true);
  earlier.add({ kind: 'all' }, 3000);
  later.restore(earlier.data());
  expect(later.revokes({ ...subject, lookups: ['c'], sessionId: 'other', userId: 'other' }, 3000, false)).toBe(true);
  // Look-ups from now on count as later.
  expect(later.asking(0)).toBeGreaterThan(3000);
});

test('orders each look-up after earlier revocations and before later ones, whatever the clock', () => {
  const tombstones = new Tombstones({ lifeMs: 60_000 });
  const first = tombstones.asking(5_000);
  tombstones.add({ kind: 'session', id: 's1' }, 2_000);
  const second = tombstones.asking(2_000);
  expect([tombstones.revokes(ann, first, false), tombstones.revokes(ann, second, false)]).toEqual([true, false]);
});

test('every revocation has its own version', () => {
  const tombstones = new Tombstones({ lifeMs: 60_000 });
  const versions = [tombstones.changes.count];
  for (const id of ['a', 'a', 'b']) {
    tombstones.add({ kind: 'user', id }, 1_000);
    versions.push(tombstones.changes.count);
  }
  expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
});

test('a repeated revocation moves to the later time', () => {
  const tombstones = new Tombstones({ lifeMs: 60_000 });
  tombstones.add({ kind: 'user', id: 'u1' }, 1_000);
  tombstones.add({ kind: 'user', id: 'u1' }, 2_000);
  expect(tombstones.revokes(ann, 2_000, false)).toBe(true);
  expect(tombstones.size).toBe(1);
});

test('setting the clock back does not make a revocation older than its predecessors', () => {
  const tombstones = new Tombstones({ lifeMs: 60_000 });
  tombstones.add({ kind: 'user', id: 'other' }, 10_000);
  tombstones.add({ kind: 'session', id: 's1' }, 2_000);
  expect(tombstones.revokes(ann, 9_999, false)).toBe(true);
});

test('a tombstone goes when its life ends', () => {
  const tombstones = new Tombstones({ lifeMs: 60_000 });
  tombstones.add({ kind: 'user', id: 'u1' }, 1_000);
  tombstones.add({ kind: 'user', id: 'u2' }, 61_000);
  expect(tombstones.size).toBe(2);
  tombstones.add({ kind: 'user', id: 'u3' }, 61_001);
  expect(tombstones.size).toBe(2);
  expect(tombstones.revokes(ann, 0, false)).toBe(false);
});

test('beyond the bound, the oldest tombstone is replaced by one that voids everything before it', () => {
  const tombstones = new Tombstones({ lifeMs: 60_000, maxEntries: 3 });
  for (let number = 1; number <= 5; number += 1) tombstones.add({ kind: 'user', id: `u${number}` }, number * 1_000);
  expect(tombstones.size).toBe(3);
  expect(tombstones.revokes(ann, 1_000, false)).toBe(true);
  expect(tombstones.revokes({ ...ann, userId: 'nobody' }, 2_000, false)).toBe(true);
  expect(tombstones.revokes({ ...ann, userId: 'nobody' }, 2_001, false)).toBe(false);
  expect(tombstones.revokes({ ...ann, userId: 'u5' }, 5_000, false)).toBe(true);
});

test('a tombstone outlives any verdict begun before it', () => {
  const lifetimes = { acceptedMs: 30_000, staleOnOutageMs: 60_000, rejectedMs: 5_000, timeoutMs: 2_000, tokenMs: 0 };
  expect(tombstoneLifeMs(lifetimes)).toBeGreaterThan(30_000 + 60_000 + 2_000 + allowedSkewMs);
});

describe('a token that the gateway verifies itself', () => {
  const issuers = new Map([
    ['issuer', 'https://issuer.test'],
    ['other', 'https://other.test'],
    ['asked', null],
  ]);
  const issued = { acceptedBy: 'issuer', tokenId: 'T1', issuedAtMs: 10_000 };
  const token: VerdictSubject = { lookups: ['name'], sessionId: 'S1', keyId: null, userId: 'u1', issued };
  const of = (changes: Partial<NonNullable<VerdictSubject['issued']>>) => ({
    ...token,
    issued: { ...issued, ...changes },
  });
  const make = () => new Tombstones({ lifeMs: 60_000, issuers });
  /** Verified again, long after all of that. */
  const bars = (tombstones: Tombstones, subject: VerdictSubject) => tombstones.revokes(subject, 50_000, false);

  test.each<{ name: string; revocation: Revocation; hits: VerdictSubject[]; misses: VerdictSubject[] }>([
    { name: 'its id', revocation: { kind: 'token', id: 't1' }, hits: [token], misses: [of({ tokenId: 'T2' })] },
    { name: 'its session', revocation: { kind: 'session', id: 's1' }, hits: [token], misses: [] },
    {
      name: 'its credential',
      revocation: { kind: 'credential', lookups: ['name'] },
      hits: [token],
      misses: [{ ...token, lookups: ['other'] }],
    },
    {
      name: 'its user, up to a time of issue',
      revocation: { kind: 'user', id: 'u1', issuedBeforeMs: 10_000 },
      hits: [token, of({ issuedAtMs: 9_000 }), of({ issuedAtMs: null })],
      misses: [of({ issuedAtMs: 10_001 }), { ...token, userId: 'u2' }],
    },
    {
      name: 'its user: tokens issued until then, on a clock that may be ahead',
      revocation: { kind: 'user', id: 'u1' },
      hits: [token, of({ issuedAtMs: 20_000 + allowedSkewMs })],
      misses: [of({ issuedAtMs: 20_001 + allowedSkewMs })],
    },
    {
      name: 'everything: tokens issued until then',
      revocation: { kind: 'all' },
      hits: [token, of({ issuedAtMs: null })],
      misses: [of({ issuedAtMs: 20_001 })],
    },
    {
      name: 'a session of its source',
      revocation: { kind: 'session', id: 'S1', source: 'issuer' },
      hits: [token],
      misses: [of({ acceptedBy: 'other' }), { ...token, sessionId: 's1' }],
    },
    {
      name: 'a user of its source',
      revocation: { kind: 'user', id: 'u1', source: 'issuer', issuedBeforeMs: 10_000 },
      hits: [token],
      misses: [of({ acceptedBy: 'other' })],
    },
  ])('stays revoked by $name', ({ revocation, hits, misses }) => {
    const tombstones = make();
    for (const subject of [...hits, ...misses]) expect(bars(tombstones, subject)).toBe(false);
    tombstones.add(revocation, 20_000);
    for (const subject of hits) expect(bars(tombstones, subject)).toBe(true);
    for (const subject of misses) expect(bars(tombstones, subject)).toBe(false);
    // Another source is called again, and has the current state.
    for (const subject of hits) {
      expect(bars(tombstones, { ...subject, issued: { ...issued, ...subject.issued, acceptedBy: 'asked' } })).toBe(
        false,
      );
    }
    const [handed, taken] = [make(), make()];
    handed.restore(JSON.parse(JSON.stringify(tombstones.data())));
    taken.takeOver(tombstones);
    for (const next of [handed, taken, tombstones]) {
      for (const subject of hits) expect(bars(next, subject)).toBe(true);
      for (const subject of misses) expect(bars(next, subject)).toBe(false);
    }
  });

  test('stays valid when all results of called sources are revoked', () => {
    const tombstones = make();
    tombstones.add({ kind: 'all', of: 'called' }, 20_000);
    const asked = of({ acceptedBy: 'asked' });
    expect(bars(tombstones, token)).toBe(false);
    expect([tombstones.revokes(asked, 19_000, false), tombstones.revokes(asked, 21_000, false)]).toEqual([true, false]);
  });

  test('a session stays revoked after everything was revoked', () => {
    const tombstones = make();
    tombstones.add({ kind: 'session', id: 's1' }, 20_000);
    tombstones.add({ kind: 'all' }, 21_000);
    expect(bars(tombstones, of({ issuedAtMs: 30_000 }))).toBe(true);
  });

  test.each<{ name: string; revocation: Revocation }>([
    { name: 'a session', revocation: { kind: 'session', id: 'S1', source: 'issuer' } },
    { name: 'a session in any case', revocation: { kind: 'session', id: 's1', source: 'issuer', anyCase: true } },
    { name: 'its id', revocation: { kind: 'token', id: 'T1', source: 'issuer' } },
    { name: 'its user', revocation: { kind: 'user', id: 'u1', source: 'issuer' } },
    { name: 'its user with the prefix', revocation: { kind: 'user', id: 'u:u1', source: 'issuer' } },
  ])('$name: also after its source has another name, which another source has now', ({ revocation }) => {
    const userPrefixes = new Map([['https://issuer.test', 'u:']]);
    const tombstones = new Tombstones({ lifeMs: 60_000, issuers, userPrefixes });
    const next = new Tombstones({
      lifeMs: 60_000,
      issuers: new Map([
        ['renamed', 'https://issuer.test'],
        ['issuer', 'https://another.test'],
      ]),
      userPrefixes,
    });
    tombstones.add(revocation, 20_000);
    next.restore(JSON.parse(JSON.stringify(tombstones.data())));
    const named = (acceptedBy: string) => ({ ...of({ acceptedBy }), userId: 'u:u1' });
    expect([bars(next, named('renamed')), bars(next, named('issuer'))]).toEqual([true, false]);
  });

  test('a result from before a reload belongs to the issuer that its source had then', () => {
    const [earlier, later] = [
      make(),
      new Tombstones({ lifeMs: 60_000, issuers: new Map([['renamed', 'https://issuer.test']]) }),
    ];
    later.takeOver(earlier);
    later.add({ kind: 'session', id: 'S1', source: 'renamed' }, 20_000);
    for (const tombstones of [earlier, later]) {
      expect([bars(tombstones, token), bars(tombstones, of({ acceptedBy: 'other' }))]).toEqual([true, false]);
    }
  });

  test('the later of two times of issue stays', () => {
    const tombstones = make();
    tombstones.add({ kind: 'user', id: 'u1', issuedBeforeMs: 15_000 }, 20_000);
    tombstones.add({ kind: 'user', id: 'u1', issuedBeforeMs: 5_000 }, 21_000);
    expect(bars(tombstones, token)).toBe(true);
  });

  test('a revocation dropped at the bound still revokes tokens issued until then', () => {
    const tombstones = new Tombstones({ lifeMs: 60_000, issuers, maxEntries: 1 });
    tombstones.add({ kind: 'token', id: 'other' }, 20_000);
    tombstones.add({ kind: 'token', id: 'another' }, 30_000);
    expect(bars(tombstones, token)).toBe(true);
    expect(bars(tombstones, of({ issuedAtMs: 20_001 }))).toBe(false);
  });

  test('an overflow concerns only tokens of its source that have an id of its kind', () => {
    const tombstones = new Tombstones({ lifeMs: 60_000, issuers, maxEntries: 2 });
    const flood = (kind: 'session' | 'user', source?: string) => {
      for (let at = 0; at < 10; at += 1) {
        const id = `made-up-${at}`;
        tombstones.add({ kind, id, ...(source === undefined ? {} : { source }) }, 20_000 + at);
      }
    };
    flood('session', 'authApi');
    flood('user', 'authApi');
    expect([bars(tombstones, token), bars(tombstones, of({ acceptedBy: 'other' }))]).toEqual([false, false]);
    flood('session', 'other');
    expect([bars(tombstones, token), bars(tombstones, of({ acceptedBy: 'other' }))]).toEqual([false, true]);
    const withoutSession = { ...of({ acceptedBy: 'other' }), sessionId: null };
    expect(bars(tombstones, withoutSession)).toBe(false);
    // Its memory is bounded, and applies after a reload and in other workers.
    expect(tombstones.size).toBe(6);
    const [next, sibling] = [make(), make()];
    next.takeOver(tombstones);
    sibling.restore(JSON.parse(JSON.stringify(tombstones.data())));
    for (const one of [next, sibling]) {
      expect(bars(one, of({ acceptedBy: 'other' }))).toBe(true);
      expect([bars(one, token), bars(one, withoutSession)]).toEqual([false, false]);
    }
    // Control: names without a source belong to every one.
    flood('session');
    expect([bars(tombstones, token), bars(tombstones, withoutSession)]).toEqual([true, false]);
  });

  test('an id of a source is compared exactly, unless any letter case is revoked', () => {
    const tombstones = make();
    tombstones.add({ kind: 'session', id: 's1', source: 'issuer' }, 20_000);
    expect(bars(tombstones, token)).toBe(false);
    tombstones.add({ kind: 'session', id: 's1', source: 'issuer', anyCase: true }, 20_000);
    expect([bars(tombstones, token), bars(tombstones, of({ acceptedBy: 'other' }))]).toEqual([true, false]);
  });

  test('dropping a time of issue at the bound does not revoke later look-ups', () => {
    const tombstones = new Tombstones({ lifeMs: 60_000, maxEntries: 1 });
    tombstones.add({ kind: 'user', id: 'u1' }, 1_000);
    tombstones.add({ kind: 'user', id: 'u2' }, 1_000);
    expect(tombstones.revokes(robot, tombstones.asking(1_000), false)).toBe(false);
  });
});
