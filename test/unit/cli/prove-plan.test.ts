/** What `prove` expects of a running gateway where the decision depends on facts that it cannot know. */
import { expect, test } from 'vitest';
import { Planner } from '../../../src/cli/prove/plan-probes.ts';
import { sampleIdentity } from '../../../src/policy-model/samples/sample-identity.ts';
import { policy } from '../policy-tools/policies.ts';

function plannerOf(rest: string): Planner {
  return new Planner({
    config: policy(`roles: { user: {} }
routes:
  - { id: one, match: { path: /one }, upstream: orders, access: [user], ${rest} }`),
    host: 'any.test',
    owners: new Map([
      ['ann', { headers: ['Authorization', 'Bearer t'], identity: { ...sampleIdentity, roles: ['user'] } }],
    ]),
    unsafe: false,
    client: null,
  });
}

const outcomes = (planner: Planner) =>
  new Set(planner.rules().map(({ decision }) => decision?.reason ?? decision?.outcome));

test("the time of the user's sign-in is unknown", () => {
  const planner = plannerOf('maxAuthAge: 15m');
  const found = outcomes(planner);
  expect(found).not.toContain('sign_in_too_old');
  expect(found).toContain('credential_missing');
  expect(planner.skipped).toBeGreaterThan(0);
});

test('the time is that of the local machine', () => {
  const planner = plannerOf('notAfter: 2099-01-01T00:00:00Z');
  expect(outcomes(planner)).toContain('allow');
  expect(planner.skipped).toBe(0);
});
