/** What the analysis reports on random rules is true for every request of a small world. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import { appliesTo, type Criterion } from '../../../src/core/policy/conditions.ts';
import { simulate } from '../../../src/policy-model/simulate.ts';
import type { Finding } from '../../../src/policy-tools/analysis/finding.ts';
import { policyOf } from '../../../src/policy-tools/run-cases.ts';
import { findingsOf } from '../../support/tool-results.ts';
import { configurations, everyRequest, openHosts } from '../policy-worlds.ts';
import { patienceMs, runs } from '../support.ts';

test('what is reported as impossible never happens', { timeout: 5 * patienceMs }, () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(configurations, ({ config }) => {
      const findings = findingsOf(config);
      for (const { code } of findings) seen.add(code);
      neverHappens(config, findings);
      namesRulesOfRoles(config, findings);
    }),
    runs(400),
  );
  expect([...seen]).toEqual(expect.arrayContaining(['role_unused', 'condition_idle', 'condition_shadowed']));
});

test('what is reported as rare does not happen either', { timeout: 5 * patienceMs }, () => {
  // Enough to be sure of some; a share of the findings is checked with every request.
  const maxTried = 40;
  const found = { condition_unmeetable: 0, public_over_protected: 0, rule_unmeetable: 0 };
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: configurations }, openHosts), ({ config }) => {
      const findings = findingsOf(config);
      const has = (wanted: string) => findings.some(({ code }) => code === wanted);
      if (has('public_over_protected')) found.public_over_protected += 1;
      openAsTheExampleSays(config, findings);
      const closed = closedRoutes(findings);
      if (closed.size > 0) {
        found.rule_unmeetable += 1;
        if (found.rule_unmeetable <= maxTried) letNobodyIn(config, closed);
      }
      if (!has('condition_unmeetable') && !has('route_unreachable')) return;
      found.condition_unmeetable += 1;
      if (found.condition_unmeetable <= maxTried) neverHappens(config, findings);
    }),
    runs(1_000),
  );
  expect(Math.min(...Object.values(found))).toBeGreaterThan(0);
});

/** Those of the route's `when`, in order; those of policies come before them, and time limits around them. */
function ownConditions({ routes }: Config, index: number): readonly Criterion[] {
  return (routes.routes[index]!.conditions ?? []).filter(
    ({ policy, reason }) => policy === null && reason === 'condition_failed',
  );
}

const idleCodes: ReadonlySet<string> = new Set(['condition_idle', 'condition_always_met', 'condition_shadowed']);

function neverHappens(config: Config, findings: readonly Finding[]): void {
  // One pattern of several may be the unreachable one.
  const unreachable = new Set(
    findings.flatMap(({ code, place }) => (code === 'route_unreachable' && 'index' in place ? [place.index] : [])),
  );
  const conditions = findings.filter(
    ({ code, message }) => code === 'condition_unmeetable' && !message.includes('exemption'),
  );
  const barred = (index: number, method: string) =>
    conditions.some(({ message, place }) => {
      if (!('index' in place) || place.index !== index) return false;
      const own = ownConditions(config, index);
      const [, only] = / for (\S+) at once/.exec(message) ?? [];
      const [, at] = place.key ?? [];
      const [, listed = only] = /^no (\S.*) request can/.exec(message) ?? [];
      const { methods } = typeof at === 'number' ? own[at]! : { methods: listed?.split(' or ') ?? null };
      return appliesTo({ methods, exceptMethods: [] }, method);
    });
  const idle = findings.flatMap(({ code, place }) =>
    idleCodes.has(code) && 'index' in place ? [ownConditions(config, place.index)[Number(place.key?.[1])]!] : [],
  );
  if (unreachable.size + idle.length + conditions.length === 0) return;
  const policy = policyOf(config);
  for (const { request, identity } of everyRequest()) {
    const { view, resolution } = simulate(request, identity, config.credentials);
    const decision = decide(view, policy, () => resolution) as Decision;
    // An `expect` for each of the many would take most of the time. A 405 has the route that lists other methods; that
    // route did not accept the request.
    const taken = decision.outcome === 'allow' || decision.reason !== 'method_not_allowed';
    const wrong =
      (taken && decision.route !== null && unreachable.has(decision.route.index)) ||
      (decision.outcome === 'refuse' && idle.some((one) => one === decision.condition)) ||
      (decision.outcome === 'allow' && barred(decision.route.index, request.method));
    if (wrong) expect.fail(`${JSON.stringify(request)} was decided otherwise: ${JSON.stringify(decision)}`);
  }
}

/** The routes with one rule for all methods that is reported as unmeetable. */
function closedRoutes(findings: readonly Finding[]): ReadonlySet<string> {
  const rules = findings.filter(
    ({ code, message }) => code === 'rule_unmeetable' && message.includes('meet the rule:'),
  );
  return new Set(rules.map(({ subject }) => subject));
}

function letNobodyIn(config: Config, closed: ReadonlySet<string>): void {
  const policy = policyOf(config);
  for (const { request, identity } of everyRequest()) {
    const { view, resolution } = simulate(request, identity, config.credentials);
    const decision = decide(view, policy, () => resolution) as Decision;
    const passes = decision.outcome === 'allow' && closed.has(decision.route.id);
    if (passes) expect.fail(`${JSON.stringify(request)} passes, by ${JSON.stringify(identity)}`);
  }
}

function openAsTheExampleSays(config: Config, findings: readonly Finding[]): void {
  for (const { code, subject, example } of findings) {
    if (!code.startsWith('public_') || example === null) continue;
    const [, method = '', host = '', target = ''] = /^(\S+) http:\/\/([^/]+)(\/.*)$/.exec(example) ?? [];
    const request = { method, host, secure: false, target, headers: [], client: null };
    const { view, resolution } = simulate(request, null, config.credentials);
    const decision = decide(view, policyOf(config), () => resolution) as Decision;
    expect(decision.route?.id).toBe(subject);
    // No identity is needed, though a condition may still be unmet.
    if (decision.outcome === 'refuse') expect(['condition_failed', 'access_not_active']).toContain(decision.reason);
  }
}

function namesRulesOfRoles(config: Config, findings: readonly Finding[]): void {
  for (const { code, place } of findings) {
    if (code !== 'rule_unmeetable') continue;
    const route = config.routes.routes['index' in place ? place.index : -1]!;
    const rules = [route.access.every, ...route.access.byMethod.values()];
    expect(rules.some((rule) => rule?.kind === 'roles')).toBe(true);
  }
}
