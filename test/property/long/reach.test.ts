/** `reach` agrees with the decisions on every request of a small world, and with `explain`. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { showReach } from '../../../src/app/show-reach.ts';
import type { Config } from '../../../src/config/config.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import type { Identity } from '../../../src/core/identity/identity.ts';
import { isAlikeOneOf } from '../../../src/core/policy/alike.ts';
import { truthOf } from '../../../src/core/policy/evaluate-conditions.ts';
import { derivedRoles } from '../../../src/core/policy/map-roles.ts';
import { readSource } from '../../../src/core/policy/read-source.ts';
import { factsInScope } from '../../../src/core/policy/scopes-of-route.ts';
import { authenticationsOf } from '../../../src/policy-model/authentications.ts';
import { sampleIdentity } from '../../../src/policy-model/samples/sample-identity.ts';
import { type Simulated, simulate } from '../../../src/policy-model/simulate.ts';
import { type MethodReach, reachOf, type Way } from '../../../src/policy-tools/reach/find-reach.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { explained } from '../../support/tool-results.ts';
import { type Asked, configurations, requests } from '../policy-worlds.ts';
import { atLeast, patienceMs, runs } from '../support.ts';

const worlds = runs(400);
const perWorld = 150;

function decideOne(config: Config, { request, identity }: Asked): readonly [Decision, Simulated] {
  const simulated = simulate(request, identity, config.credentials);
  return [decide(simulated.view, policyOf(config), () => simulated.resolution) as Decision, simulated];
}

function withDerived({ roleMapping }: Config, identity: Identity): Identity {
  const derived = roleMapping === null ? [] : derivedRoles(roleMapping.origins, identity);
  return { ...identity, roles: [...identity.roles, ...derived] };
}

/** Whether the request matches the way; null: a scope cannot be read, so that the decision may refuse. */
function takes({ scopes, criteria }: Way, decision: Decision, { view }: Simulated, identity: Identity): boolean | null {
  const { route, request } = decision;
  if (route === null || request === null) return false;
  const facts = factsInScope(view, { route, request }, identity);
  const readScope = (name: string) => readSource({ from: 'param', name }, facts);
  // Also of roles that the caller does not hold: a rule that excludes them excludes it then.
  let readable = (route.scopes ?? []).every(({ param }) => param === null || typeof readScope(param) === 'string');
  for (const { param, kind, values } of scopes) {
    const value = readScope(param);
    const isOne = typeof value === 'string' && values.includes(value);
    // A service may take the scope for one of the caller's.
    if (typeof value === 'string' && !isOne && isAlikeOneOf(value, new Set(values))) readable = false;
    if (isOne !== (kind === 'one_of')) return false;
  }
  // Only identities that a rule requires are subject to conditions on them.
  if (!criteria.every(({ steps }) => truthOf(steps, 0, facts) === 'met')) return false;
  return readable ? true : null;
}

const seen = { allowed: 0, always: 0, conditional: 0, unreached: 0 };

function check(config: Config, asked: Asked): void {
  const { identity, request } = asked;
  if (identity === null) return;
  const [decision, simulated] = decideOne(config, asked);
  const { route, stage } = decision;
  // A refusal before the rule is evaluated says nothing about the rule.
  if (route === null || decision.outcome === 'preflight' || stage === 'normalize' || stage === 'match') return;
  if (request.headers.includes('authorization')) return;
  const reached = reachOf(route, [
    { identity: withDerived(config, identity), known: 'all', authentications: authenticationsOf(config) },
  ]);
  const own =
    reached.find(({ method }) => method === request.method) ??
    reached.find(({ method, except }) => method === '*' && !except.includes(request.method));
  const allowed = decision.outcome === 'allow';
  const where = JSON.stringify({ request, identity, reached, reason: allowed ? null : decision.reason });
  if (own === undefined) {
    seen.unreached += 1;
    expect(allowed, where).toBe(false);
    return;
  }
  const taken = own.ways.map((way) => takes(way, decision, simulated, seenBy(own, identity)));
  // With an unreadable scope, less may be allowed.
  if (taken.includes(null) && !taken.includes(true)) {
    return;
  }
  expect(allowed, where).toBe(taken.includes(true));
  const always = own.ways.some(({ scopes, criteria }) => scopes.length + criteria.length === 0);
  seen[always ? 'always' : 'conditional'] += 1;
  if (allowed) seen.allowed += 1;
}

/** Conditions of a public route see no identity. */
function seenBy({ open }: MethodReach, identity: Identity): Identity {
  return open === 'public' ? { ...identity, roles: [] } : identity;
}

test('what is reachable is allowed, and what is not is refused', { timeout: 5 * patienceMs }, () => {
  const asked = fc.array(requests, { minLength: perWorld, maxLength: perWorld });
  fc.assert(
    fc.property(configurations, asked, ({ config }, list) => {
      for (const one of list) check(config, one);
    }),
    worlds,
  );
  for (const [name, count] of Object.entries(seen)) expect(count, name).toBeGreaterThan(atLeast(500));
});

test('with only a role, it agrees with explain for a bearer that has the role', { timeout: 5 * patienceMs }, () => {
  let reachedAndAllowed = 0;
  const asked = fc.array(requests, { minLength: 150, maxLength: 150 });
  fc.assert(
    fc.property(configurations, fc.constantFrom('r1', 'r2', 'r3', 'other'), asked, ({ config }, role, list) => {
      const reach = showReach(config, { role });
      if ('detail' in reach) throw new Error(reach.detail);
      for (const { request } of list) {
        if (request.headers.includes('authorization') || request.method === 'OPTIONS') continue;
        const { outcome, route } = explained(config, request, { ...sampleIdentity, roles: [role] });
        if (outcome !== 'allow' || route === null) continue;
        const access = reach.routes.filter(({ id }) => id === route).flatMap((one) => one.access);
        const named = access.some(({ methods }) => methods.includes(request.method));
        const other = access.some(
          ({ methods, except }) => methods.includes('*') && except?.includes(request.method) !== true,
        );
        expect(named || other, JSON.stringify({ request, reach })).toBe(true);
        reachedAndAllowed += 1;
      }
    }),
    worlds,
  );
  expect(reachedAndAllowed).toBeGreaterThan(atLeast(500));
});
