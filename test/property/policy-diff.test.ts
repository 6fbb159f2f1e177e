/** `diff` is sound: a request that two gateways decide differently lies in a class that it reports. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/outcome/decision.ts';
import { derivedRoles } from '../../src/core/policy/map-roles.ts';
import { type CallerClass, comparePolicies, type Difference } from '../../src/workbench/diff/compare-policies.ts';
import { otherMethod } from '../../src/workbench/diff/meetings.ts';
import { settingChanges } from '../../src/workbench/diff/setting-changes.ts';
import { policyOf } from '../../src/workbench/run-cases.ts';
import { simulate } from '../../src/workbench/simulate.ts';
import { type Asked, configurations, everyRequest, oddCredentials, pairs } from './policy-worlds.ts';

const runs = Number(process.env['ROLEGATE_PROPERTY_RUNS'] ?? 1) * 30;
/** Every request of the world is decided twice in each run. */
const patienceMs = 180_000;

function decisionOf(config: Config, { request, identity }: Asked): Decision {
  const { view, resolution } = simulate(request, identity, config.credentials);
  return decide(view, policyOf(config), () => resolution) as Decision;
}

/** Methods that stand for themselves; all others are one. */
function namedMethods(configs: readonly Config[]): ReadonlySet<string> {
  const routes = configs.flatMap((config) => config.routes.routes);
  const named = routes.flatMap(({ methods, access }) => [...(methods ?? []), ...access.byMethod.keys()]);
  return new Set(['GET', 'HEAD', 'OPTIONS', ...named]);
}

/** Whether the caller is one of those of the difference: it has at least one of each group of marks that it names. */
function isOneOf(
  callers: readonly CallerClass[],
  { identity, request: { headers } }: Asked,
  configs: readonly Config[],
): boolean {
  if (headers === oddCredentials.two) return callers.some(({ kind }) => kind === 'unreadable');
  if (identity === null || headers === oddCredentials.none) return callers.some(({ kind }) => kind === 'nobody');
  const roles = new Set([
    ...identity.roles,
    ...configs.flatMap(({ roleMapping }) => derivedRoles(roleMapping?.origins ?? [], identity)),
  ]);
  const marks = new Set([
    ...[...roles].map((role) => `role ${role}`),
    ...identity.groups.map((group) => `groups ${JSON.stringify(group)}`),
    ...(['kind', 'userId', 'keyId'] as const).map((field) => `${field} ${JSON.stringify(identity[field])}`),
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
): boolean {
  const { method } = asked.request;
  if (difference.kind !== (is.outcome === 'refuse' ? 'newlyRefused' : 'newlyAllowed')) return false;
  if (difference.method !== (namedMethods(configs).has(method) ? method : otherMethod)) return false;
  if (difference.routeBefore !== (was.route?.id ?? null) || difference.routeAfter !== (is.route?.id ?? null))
    return false;
  return difference.possible || isOneOf(difference.callers, asked, configs);
}

/** Preflights and paths with several readings hang on settings: that one of them changed has to be told, no more. */
function isSpecial(...decisions: readonly Decision[]): boolean {
  return decisions.some(
    ({ outcome, reason, request }) =>
      outcome === 'preflight' ||
      reason === 'cors_origin_forbidden' ||
      (request !== null && (request.ambiguities !== 0 || request.unmerged !== null)),
  );
}

test(
  'every request that is decided differently lies in a class that is reported',
  () => {
    let differing = 0;
    fc.assert(
      fc.property(pairs, ([before, after]) => {
        const configs = [before.config, after.config];
        const differences = comparePolicies(policyOf(before.config), policyOf(after.config));
        const bearing = settingChanges(before.config, after.config).some(({ bearsOnVerdicts }) => bearsOnVerdicts);
        for (const asked of everyRequest()) {
          const [was, is] = [decisionOf(before.config, asked), decisionOf(after.config, asked)];
          if ((was.outcome === 'refuse') === (is.outcome === 'refuse')) continue;
          differing += 1;
          if (bearing && isSpecial(was, is)) continue;
          if (!differences.some((one) => covers(one, asked, was, is, configs))) {
            expect.fail(
              `not reported: ${JSON.stringify({ asked, before: before.written, after: after.written, differences })}`,
            );
          }
        }
      }),
      { numRuns: runs },
    );
    expect(differing).toBeGreaterThan(1_000);
  },
  patienceMs,
);

test('a configuration is the same as itself, whatever the order of its routes', () => {
  fc.assert(
    fc.property(configurations, ({ config, written }) => {
      const turned = JSON.parse(written) as { routes: unknown[] };
      turned.routes.reverse();
      expect(comparePolicies(policyOf(config), policyOf(config))).toEqual([]);
    }),
    { numRuns: runs },
  );
});
