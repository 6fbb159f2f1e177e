/**
 * Recorded decisions decided again come to what a gateway would have decided, and so does a candidate in the shadow:
 * always, or they say that they do not know.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide, type Policy } from '../../src/core/decide.ts';
import type { Resolution } from '../../src/core/identity/identity.ts';
import type { Decision } from '../../src/core/outcome/decision.ts';
import { type DecisionRecord, readsOf, recordOf } from '../../src/workbench/replay/decision-record.ts';
import { Replay } from '../../src/workbench/replay/replay-decisions.ts';
import { policyOf } from '../../src/workbench/run-cases.ts';
import { compareDecisions } from '../../src/workbench/shadow/compare-decisions.ts';
import { type Decided, decideAlike } from '../../src/workbench/shadow/decide-alike.ts';
import { simulate } from '../../src/workbench/simulate.ts';
import { type Asked, configurations, requests } from './policy-worlds.ts';

const scale = Number(process.env['ROLEGATE_PROPERTY_RUNS'] ?? 1);

/** As a running gateway decides it, with what it learned on the way. */
function decideLive({ request, identity }: Asked, policy: Policy): Decided {
  const { view, resolution } = simulate(request, identity, policy.credentials);
  let asked: { credential: Decided['credential']; resolution: Resolution } | null = null;
  const decision = decide(view, policy, (credential) => {
    asked = { credential, resolution };
    return resolution;
  }) as Decision;
  return { view, decision, credential: null, resolution: null, ...(asked as object | null) };
}

test('replay and shadow agree with the gateway', { timeout: 300_000 }, () => {
  const tally = { decided: 0, undecided: 0, different: 0 };
  fc.assert(
    fc.property(configurations, configurations, fc.array(requests, { minLength: 40, maxLength: 40 }), (a, b, asked) => {
      const [before, after] = [policyOf(a.config), policyOf(b.config)];
      const reads = readsOf(before.routes.routes);
      for (const one of asked) {
        const decided = decideLive(one, before);
        const truth = decideLive(one, after).decision;
        const expected = compareDecisions(decided.decision, truth);
        const shadow = decideAlike(decided, after);
        if (shadow !== null) expect(compareDecisions(decided.decision, shadow)).toBe(expected);
        const written = recordOf(decided, before, reads, 0);
        if (written === null) continue;
        const replay = new Replay(before, after);
        replay.add(JSON.parse(JSON.stringify(written)) as DecisionRecord, reads);
        const { counts, unlikeRecorded } = replay.report(0);
        expect(unlikeRecorded, JSON.stringify({ one, written, config: a.written })).toBe(0);
        if (counts.undecided === 1) {
          tally.undecided += 1;
          continue;
        }
        expect(counts[expected], JSON.stringify({ one, written, expected, counts })).toBe(1);
        tally.decided += 1;
        if (expected !== 'same') tally.different += 1;
      }
    }),
    { numRuns: 60 * scale },
  );
  expect(tally.decided).toBeGreaterThan(500 * scale);
  expect(tally.different).toBeGreaterThan(50 * scale);
});
