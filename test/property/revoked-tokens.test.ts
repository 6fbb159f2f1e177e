/**
 * Whatever the order of revocations, verifications and reloads: a revoked token is never valid again, and no other one
 * is invalid.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Revocation, Tombstones, type VerdictSubject } from '../../src/identity/revocation/tombstones.ts';
import { atLeast, patienceMs, runs } from './support.ts';

const sources = ['issuer', 'other'] as const;
const few = fc.constantFrom('a', 'b', 'c');
const source = fc.constantFrom(...sources);
const moment = fc.integer({ min: 1, max: 50 }).map((second) => second * 1_000);

const scope = fc.option(source, { nil: undefined }).map((named) => (named === undefined ? {} : { source: named }));
const revocations: fc.Arbitrary<Revocation> = fc.oneof(
  fc
    .tuple(fc.constantFrom('session' as const, 'token' as const), few, scope)
    .map(([kind, id, of]) => ({ kind, id, ...of })),
  fc
    .tuple(few, moment, scope)
    .map(([id, issuedBeforeMs, of]) => ({ kind: 'user' as const, id, issuedBeforeMs, ...of })),
  few.map((lookup) => ({ kind: 'credential' as const, lookups: [lookup] })),
);

const tokens: fc.Arbitrary<VerdictSubject> = fc
  .tuple(few, few, few, few, source, moment)
  .map(([lookup, sessionId, userId, tokenId, of, issuedAtMs]) => ({
    lookups: [lookup],
    sessionId,
    keyId: null,
    userId,
    issued: { acceptedBy: of, tokenId, issuedAtMs },
  }));

const steps = fc.oneof(
  { weight: 3, arbitrary: fc.record({ revoke: revocations }) },
  { weight: 3, arbitrary: fc.record({ verify: tokens }) },
  { weight: 1, arbitrary: fc.constantFrom('reload' as const, 'restart' as const) },
);

/** What each revocation means, with only the list of them as memory. */
function isNamed(revocation: Revocation, { lookups, sessionId, userId, issued }: VerdictSubject): boolean {
  if (revocation.kind === 'credential') return revocation.lookups.some((lookup) => lookups.includes(lookup));
  if (revocation.kind === 'all' || issued === null) return false;
  if (revocation.source !== undefined && revocation.source !== issued.acceptedBy) return false;
  if (revocation.kind === 'session') return revocation.id === sessionId;
  if (revocation.kind === 'token') return revocation.id === issued.tokenId;
  return revocation.kind === 'user' && revocation.id === userId && issued.issuedAtMs! <= revocation.issuedBeforeMs!;
}

test('a revoked token stays revoked, and no other one is', { timeout: patienceMs }, () => {
  const tally = { revoked: 0, good: 0 };
  const make = () =>
    new Tombstones({ lifeMs: 86_400_000, issuers: new Map(sources.map((name) => [name, `https://${name}.test`])) });
  fc.assert(
    fc.property(fc.array(steps, { minLength: 5, maxLength: 40 }), (order) => {
      let tombstones = make();
      const revoked: Revocation[] = [];
      let nowMs = 1_000_000;
      for (const step of order) {
        nowMs += 1_000;
        if (step === 'reload' || step === 'restart') {
          const next = make();
          if (step === 'reload') next.takeOver(tombstones);
          else next.restore(JSON.parse(JSON.stringify(tombstones.data())));
          tombstones = next;
        } else if ('revoke' in step) {
          tombstones.add(step.revoke, nowMs);
          revoked.push(step.revoke);
        } else {
          // Looked up after all of it, like a new verification.
          const bad = tombstones.revokes(step.verify, tombstones.asking(nowMs), false);
          expect(bad).toBe(revoked.some((one) => isNamed(one, step.verify)));
          tally[bad ? 'revoked' : 'good'] += 1;
        }
      }
    }),
    runs(2_000),
  );
  expect(tally.revoked).toBeGreaterThan(atLeast(1_000));
  expect(tally.good).toBeGreaterThan(atLeast(1_000));
});
