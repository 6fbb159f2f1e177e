/**
 * Recorded decisions, decided again, equal those of a gateway, and so does a candidate in shadow: always, or they
 * report that they cannot know.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide, type Policy } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import type { Resolution } from '../../src/core/identity/identity.ts';
import { simulate } from '../../src/policy-model/simulate.ts';
import { type DecisionRecord, readsOf, recordOf } from '../../src/policy-tools/replay/decision-record.ts';
import { Replay } from '../../src/policy-tools/replay/replay-decisions.ts';
import { policyOf } from '../../src/policy-tools/run-cases.ts';
import { compareDecisions } from '../../src/policy-tools/shadow/compare-decisions.ts';
import { type Decided, decideAlike } from '../../src/policy-tools/shadow/decide-alike.ts';
import { type Asked, configurations, requests } from './policy-worlds.ts';
import { atLeast, patienceMs, runs } from './support.ts';

/** As a running gateway decides it, with the facts that it learned. */
function decideLive({ request, identity }: Asked, policy: Policy): Decided {
  const { view, resolution } = simulate(request, identity, policy.credentials);
  let asked: { credential: Decided['credential']; resolution: Resolution } | null = null;
  const decision = decide(view, policy, (credential) => {
    asked = { credential, resolution };
    return resolution;
  }) as Decision;
  const { credential = null, resolution: found = null } = (asked ?? {}) as Partial<Decided>;
  // What the recorder uses.
  expect(decision.resolution).toBe(found);
  return { view, decision, credential, resolution: found };
}

test('replay and shadow agree with the gateway', { timeout: 5 * patienceMs }, () => {
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
        const fail = (what: string) =>
          expect.fail(`${what} ${JSON.stringify({ one, expected, before: a.written, after: b.written })}`);
        if (shadow !== null && compareDecisions(decided.decision, shadow) !== expected)
          fail(`in the shadow ${compareDecisions(decided.decision, shadow)}:`);
        const written = recordOf(decided, before, reads, one.request.time ?? 0);
        if (written === null) continue;
        const replay = new Replay(before, after);
        replay.add(JSON.parse(JSON.stringify(written)) as DecisionRecord, reads);
        const { counts, unlikeRecorded } = replay.report(0);
        if (unlikeRecorded !== 0) fail(`unlike recorded in ${JSON.stringify(written)}:`);
        if (counts.undecided === 1) {
          tally.undecided += 1;
          continue;
        }
        if (counts[expected] !== 1) fail(`replayed as ${JSON.stringify({ counts, written })}:`);
        tally.decided += 1;
        if (expected !== 'same') tally.different += 1;
      }
    }),
    runs(60),
  );
  expect(tally.decided).toBeGreaterThan(atLeast(500));
  expect(tally.different).toBeGreaterThan(atLeast(50));
});
