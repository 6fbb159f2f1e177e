/** No route below a policy allows a caller that the policy refuses, whatever the route's rule. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import { rewritePath } from '../../../src/core/forwarding/rewrite-path.ts';
import { holdersOf } from '../../../src/core/policy/role-expression.ts';
import { simulate } from '../../../src/policy-model/simulate.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { configurations, everyRequest, isByMethod, readWorld } from '../policy-worlds.ts';
import { patienceMs, runs } from '../support.ts';

interface Written {
  readonly policies: readonly {
    readonly id: string;
    readonly match: { readonly upstream?: string };
    readonly access?: unknown;
    readonly when?: readonly object[];
    readonly for?: readonly string[];
    readonly unless?: readonly string[];
    readonly maxAuthAge?: unknown;
  }[];
}

/** The policy as the only route: its requirements, and for which callers. */
function alone(
  written: string,
  { match, access = 'optional', when = [], unless, maxAuthAge }: Written['policies'][number],
) {
  const { conditions } = JSON.parse(written) as { conditions: { named: Record<string, object> } };
  const exempt = (one: object | string) => {
    const criterion = typeof one === 'string' ? { ...conditions.named[one]! } : { ...one };
    const own = (criterion as { unless?: readonly string[] }).unless ?? [];
    const both = [...new Set([...own, ...(unless ?? [])])];
    return both.length === 0 ? criterion : { ...criterion, unless: both };
  };
  const { upstream: _, ...place } = match;
  const route = {
    id: 'alone',
    match: { path: '/**', ...place },
    upstream: 's',
    // Methods without a rule are not restricted.
    access: isByMethod(access) && !('*' in access) ? { ...access, '*': 'optional' } : access,
    ...(when.length === 0 ? {} : { when: when.map(exempt) }),
    ...(maxAuthAge === undefined || access === 'deny' ? {} : { maxAuthAge }),
  };
  return readWorld(JSON.stringify({ ...(JSON.parse(written) as object), policies: [], routes: [route] }));
}

/**
 * The world with policies whose roles have no scope: a scope is read from the path of the route, so a policy with one
 * cannot be evaluated separately (`test/unit/policy-tools/scoped-roles.test.ts` has policies with scopes). Null:
 * invalid.
 */
function withoutScopes(written: string): { readonly config: Config; readonly policies: Written['policies'] } | null {
  const world = JSON.parse(written) as Written;
  const text = JSON.stringify(world.policies).replaceAll('"s1"', '"r1"').replaceAll('"s2"', '"r2"');
  const policies = JSON.parse(text) as Written['policies'];
  const read = readWorld(JSON.stringify({ ...world, policies }));
  return read === null ? null : { config: read.config, policies };
}

test('no route below a policy allows a caller that the policy refuses', { timeout: 5 * patienceMs }, () => {
  const seen = { others: 0, allowed: 0, refused: 0, rewritten: 0 };
  fc.assert(
    fc.property(configurations, ({ written }) => {
      const world = withoutScopes(written);
      if (world === null) return;
      const { config, policies } = world;
      const whole = policyOf(config);
      for (const policy of policies) {
        const guard = alone(written, policy);
        // A condition for methods that only the route handles differently.
        if (guard === null) expect.fail(`not read alone: ${JSON.stringify(policy)}`);
        const alonePolicy = policyOf(guard.config);
        for (const { request, identity } of everyRequest()) {
          const { view, resolution } = simulate(request, identity, config.credentials);
          const decision = decide(view, whole, () => resolution) as Decision;
          if (decision.outcome !== 'allow') continue;
          const { request: read, route } = decision;
          const { upstream } = policy.match;
          const holders = policy.for === undefined ? null : holdersOf(policy.for, config.roles);
          // The policy does not restrict this caller.
          if (holders !== null && decision.identity?.roles.some((role) => holders.has(role)) === false) {
            seen.others += 1;
            continue;
          }
          if (upstream !== undefined && upstream !== route.upstream) continue;
          // A policy for a service sees the path that the service receives.
          const path = upstream === undefined ? read.path : rewritePath(route, read.path);
          if (path === null) continue;
          if (path !== read.path) seen.rewritten += 1;
          const below = decide({ ...view, target: path + read.query }, alonePolicy, () => resolution) as Decision;
          // The policy does not apply to this request, in this reading.
          if (below.reason === 'route_not_found' || below.reason === 'path_ambiguous') continue;
          if (below.outcome === 'allow') {
            seen.allowed += 1;
            continue;
          }
          expect.fail(`let in: ${JSON.stringify({ request, identity, policy, written })}`);
        }
        seen.refused += 1;
      }
    }),
    { ...runs(240), endOnFailure: true },
  );
  expect(seen.allowed).toBeGreaterThan(1_000);
  expect(seen.others).toBeGreaterThan(100);
  expect(seen.refused).toBeGreaterThan(10);
  expect(seen.rewritten).toBeGreaterThan(100);
});
