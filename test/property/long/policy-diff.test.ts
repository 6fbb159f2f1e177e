/** `diff` is sound: a request that two gateways decide differently is in a class that it reports. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import { roleInScope, scopeOf } from '../../../src/core/identity/scoped-role.ts';
import { alikeForm } from '../../../src/core/policy/alike.ts';
import { derivedRoles } from '../../../src/core/policy/map-roles.ts';
import { pathParam } from '../../../src/core/url/path-pattern.ts';
import { otherMethod } from '../../../src/policy-model/match-pairs.ts';
import { simulate } from '../../../src/policy-model/simulate.ts';
import { type CallerClass, comparePolicies, type Difference } from '../../../src/policy-tools/diff/compare-policies.ts';
import { settingChanges } from '../../../src/policy-tools/diff/setting-changes.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import {
  type Asked,
  configurations,
  everyRequest,
  oddCredentials,
  pairs,
  readWorld,
  type World,
} from '../policy-worlds.ts';
import { patienceMs, runs } from '../support.ts';

/** Every request of the world is decided twice in each run. */
const often = runs(36);
const longMs = 3 * patienceMs;

/** Methods that are distinguished; all others are one. */
function namedMethods(configs: readonly Config[]): ReadonlySet<string> {
  const routes = configs.flatMap((config) => config.routes.routes);
  const named = routes.flatMap(({ methods, access, conditions }) => [
    ...(methods ?? []),
    ...access.byMethod.keys(),
    ...(conditions ?? []).flatMap((condition) => condition.methods ?? condition.exceptMethods),
  ]);
  return new Set(['GET', 'HEAD', 'OPTIONS', ...named]);
}

/** Whether the caller matches the difference: it has at least one of each listed group of marks. */
function isOneOf(
  callers: readonly CallerClass[],
  { identity, request: { headers } }: Asked,
  configs: readonly Config[],
  decisions: readonly Decision[],
): boolean {
  if (headers === oddCredentials.two) return callers.some(({ kind }) => kind === 'unresolved');
  if (identity === null || headers === oddCredentials.none) return callers.some(({ kind }) => kind === 'anonymous');
  const roles = new Set([
    ...identity.roles,
    ...configs.flatMap(({ roleMapping }) => derivedRoles(roleMapping?.origins ?? [], identity)),
  ]);
  const scoped = decisions.flatMap(({ route, request }) =>
    (route?.scopes ?? []).flatMap((scope) => {
      const value = pathParam(route!.pattern, request!.path, scope.param!);
      if (value === null) return [];
      if (identity.roles.includes(roleInScope(scope, value) ?? '')) return [`role {scope}${scope.after}`];
      // `x:s1` on `/X`: a service that ignores letter case takes the scope for the other one.
      const isAlike = identity.roles.some((role) => alikeForm(scopeOf(scope, role) ?? '') === alikeForm(value));
      return isAlike ? ['role in a scope that cannot be read'] : [];
    }),
  );
  const marks = new Set([
    ...scoped,
    ...[...roles].map((role) => `role ${role}`),
    ...identity.groups.map((group) => `group ${group}`),
    ...[`kind ${identity.kind}`, `user ${identity.userId}`, `key ${identity.keyId}`],
  ]);
  return callers.some(
    (caller) => 'marks' in caller && caller.marks.every((names) => names.some((name) => marks.has(name))),
  );
}

function covers(
  difference: Difference,
  asked: Asked,
  was: Decision,
  is: Decision,
  configs: readonly Config[],
  named: ReadonlySet<string>,
): boolean {
  const { method } = asked.request;
  if (difference.kind !== (is.outcome === 'refuse' ? 'newlyRefused' : 'newlyAllowed')) return false;
  if (difference.method !== (named.has(method) ? method : otherMethod)) return false;
  if (difference.routeBefore !== (was.route?.id ?? null) || difference.routeAfter !== (is.route?.id ?? null))
    return false;
  return difference.possible || difference.more || isOneOf(difference.callers, asked, configs, [was, is]);
}

/** Preflights and paths with several readings depend on settings: a changed setting must be reported, nothing more. */
function isSpecial(...decisions: readonly Decision[]): boolean {
  return decisions.some(
    ({ outcome, reason, request }) =>
      outcome === 'preflight' ||
      reason === 'cors_origin_forbidden' ||
      (request !== null && (request.ambiguities !== 0 || request.unmerged !== null)),
  );
}

/** Number of requests that are decided differently; fails if one of them is in no reported class. */
function reportedOf([before, after]: readonly [World, World], requests: Iterable<Asked>): number {
  let differing = 0;
  const configs = [before.config, after.config];
  const named = namedMethods(configs);
  const policies = [policyOf(before.config), policyOf(after.config)] as const;
  const differences = comparePolicies(...policies);
  const bearing = settingChanges(before, after).some((setting) => setting.class !== 'neither');
  for (const asked of requests) {
    // Parsed once: no world has its own way of reading credentials.
    const { view, resolution } = simulate(asked.request, asked.identity, before.config.credentials);
    const [was, is] = policies.map((policy) => decide(view, policy, () => resolution)) as [Decision, Decision];
    if ((was.outcome === 'refuse') === (is.outcome === 'refuse')) continue;
    differing += 1;
    if (bearing && isSpecial(was, is)) continue;
    if (!differences.some((one) => covers(one, asked, was, is, configs, named))) {
      const written = { before: before.written, after: after.written };
      expect.fail(`not reported: ${JSON.stringify({ asked, ...written, differences })}`);
    }
  }
  return differing;
}

const reported = 'every request that is decided differently lies in a class that is reported';

test(`${reported}: all requests of a few pairs`, { timeout: longMs }, () => {
  let differing = 0;
  const property = fc.property(pairs, (pair) => {
    differing += reportedOf(pair, everyRequest());
  });
  fc.assert(property, often);
  expect(differing).toBeGreaterThan(1_000);
});

test(`${reported}: some requests of many pairs`, { timeout: longMs }, () => {
  let differing = 0;
  const all = [...everyRequest()];
  const property = fc.property(pairs, fc.nat(someOf - 1), (pair, first) => {
    differing += reportedOf(pair, every(all, first));
  });
  fc.assert(property, { ...runs(400), endOnFailure: true });
  expect(differing).toBeGreaterThan(1_000);
});

/**
 * Every n-th request is tried, starting at another one each time. A prime: all methods and identities are among them.
 */
const someOf = 101;

function* every(all: readonly Asked[], first: number): Generator<Asked> {
  for (let at = first; at < all.length; at += someOf) yield all[at]!;
}

test('every example is decided as its difference states', { timeout: longMs }, () => {
  const seen = { shown: 0, possible: 0 };
  fc.assert(
    fc.property(pairs, ([before, after]) => {
      const policies = [policyOf(before.config), policyOf(after.config)] as const;
      for (const { kind, witness, possible, routeBefore, routeAfter } of comparePolicies(...policies)) {
        seen[possible ? 'possible' : 'shown'] += 1;
        expect(possible).toBe(witness === null);
        if (witness === null) continue;
        const { view, resolution } = simulate(witness.request, witness.identity, before.config.credentials);
        const decisions = policies.map((policy) => decide(view, policy, () => resolution) as Decision);
        const expected = kind === 'newlyAllowed' ? ['refuse', 'allow'] : ['allow', 'refuse'];
        expect(decisions.map(({ outcome }) => outcome)).toEqual(expected);
        expect(decisions.map(({ route }) => route?.id ?? null)).toEqual([routeBefore, routeAfter]);
      }
    }),
    runs(144),
  );
  expect(seen.shown).toBeGreaterThan(100);
  // Some classes have no request: an identity has only one user id, and a path one letter case.
  expect(seen.possible).toBeLessThan(seen.shown / 4);
});

test('a configuration equals itself, whatever the order of its routes', { timeout: longMs }, () => {
  fc.assert(
    fc.property(configurations, ({ config, written, readList }) => {
      const file = JSON.parse(written) as { routes: unknown[] };
      const turned = readWorld(JSON.stringify({ ...file, routes: file.routes.toReversed() }), readList)!;
      expect(comparePolicies(policyOf(config), policyOf(turned.config))).toEqual([]);
    }),
    often,
  );
});
