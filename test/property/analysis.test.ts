/** What the analysis says of random rules holds for every request of a small world. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/outcome/decision.ts';
import { analyze } from '../../src/workbench/analysis/analyze.ts';
import type { Finding } from '../../src/workbench/analysis/finding.ts';
import { policyOf } from '../../src/workbench/run-cases.ts';
import { simulate } from '../../src/workbench/simulate.ts';
import { configurations, everyRequest } from './policy-worlds.ts';

const runs = 60 * Number(process.env['ROLEGATE_PROPERTY_RUNS'] ?? 1);

test('what is said never to happen never does', { timeout: 300_000 }, () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(configurations, ({ config }) => {
      const findings = analyze(config, () => null);
      for (const { code } of findings) seen.add(code);
      neverHappens(config, findings);
      namesRulesOfRoles(config, findings);
    }),
    { numRuns: runs },
  );
  expect([...seen]).toEqual(expect.arrayContaining(['role_unused', 'route_in_shadow', 'condition_idle']));
});

test('nor does what is said so seldom', { timeout: 300_000 }, () => {
  // Enough to be sure of some; every request is tried for a part of those that were found.
  const mostTried = 10;
  const found = { condition_unmeetable: 0, public_over_protected: 0 };
  fc.assert(
    fc.property(configurations, ({ config }) => {
      const findings = analyze(config, () => null);
      const has = (wanted: string) => findings.some(({ code }) => code === wanted);
      if (has('public_over_protected')) found.public_over_protected += 1;
      openAsTheExampleSays(config, findings);
      if (!has('condition_unmeetable') && !has('route_unreachable')) return;
      found.condition_unmeetable += 1;
      if (found.condition_unmeetable <= mostTried) neverHappens(config, findings);
    }),
    { numRuns: 2_000 },
  );
  expect(Math.min(...Object.values(found))).toBeGreaterThan(0);
});

function neverHappens(config: Config, findings: readonly Finding[]): void {
  const of = (code: string) => new Set(findings.filter((one) => one.code === code).map(({ subject }) => subject));
  const [unreachable, shadow] = [of('route_unreachable'), of('route_in_shadow')];
  const conditions = findings.filter(
    ({ code, message }) => code === 'condition_unmeetable' && !message.includes('exemption'),
  );
  const barred = new Set(conditions.map(({ subject }) => subject));
  const idle = findings.flatMap(({ code, place }) =>
    code === 'condition_idle' && 'index' in place
      ? [config.routes.routes[place.index]!.conditions![Number(place.key?.[1])]!]
      : [],
  );
  const policy = policyOf(config);
  for (const { request, identity } of everyRequest()) {
    const { view, resolution } = simulate(request, identity, config.credentials);
    const decision = decide(view, policy, () => resolution) as Decision;
    const id = decision.route?.id ?? '';
    expect(unreachable).not.toContain(id);
    if (decision.outcome === 'refuse') expect(idle).not.toContain(decision.condition);
    if (decision.outcome === 'allow' && !shadow.has(id)) expect(barred).not.toContain(id);
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
    // Nobody is asked for, though a condition may still not be met.
    if (decision.outcome === 'refuse') expect(decision.reason).toBe('condition_failed');
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

test('a rule that nobody is said to meet lets nobody in', { timeout: 300_000 }, () => {
  let found = 0;
  fc.assert(
    fc.property(configurations, ({ config }) => {
      const policy = policyOf(config);
      const subjects = new Set(
        analyze(config, () => null)
          .filter(({ code, message }) => code === 'rule_unmeetable' && message.includes('meet the rule:'))
          .map(({ subject }) => subject),
      );
      found += subjects.size;
      if (subjects.size === 0) return;
      for (const { request, identity } of everyRequest()) {
        const { view, resolution } = simulate(request, identity, config.credentials);
        const decision = decide(view, policy, () => resolution) as Decision;
        const passes = decision.outcome === 'allow' && decision.shadowed === null;
        if (passes) expect(subjects).not.toContain(decision.route.id);
      }
    }),
    { numRuns: runs * 4 },
  );
  expect(found).toBeGreaterThan(0);
});
