/** What the analysis says of random rules holds for every request of a small world. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/outcome/decision.ts';
import { analyze } from '../../src/workbench/analysis/analyze.ts';
import { policyOf } from '../../src/workbench/run-cases.ts';
import { simulate } from '../../src/workbench/simulate.ts';
import { configurations, everyRequest } from './policy-worlds.ts';

const runs = 60 * Number(process.env['ROLEGATE_PROPERTY_RUNS'] ?? 1);

test('what is said never to happen never does', { timeout: 300_000 }, () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(configurations, ({ config }) => {
      const findings = analyze(config, () => null);
      const of = (code: string) => new Set(findings.filter((one) => one.code === code).map(({ subject }) => subject));
      const [unreachable, shadow] = [of('route_unreachable'), of('route_in_shadow')];
      const conditions = findings.filter(
        ({ code, message }) => code === 'condition_unmeetable' && !message.includes('exemption'),
      );
      const barred = new Set(conditions.map(({ subject }) => subject));
      for (const { code } of findings) seen.set(code, (seen.get(code) ?? 0) + 1);
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
      for (const { code, subject, example } of findings) {
        if (!code.startsWith('public_') || example === null) continue;
        const [, method = '', host = '', target = ''] = /^(\S+) http:\/\/([^/]+)(\/.*)$/.exec(example) ?? [];
        const request = { method, host, secure: false, target, headers: [], client: null };
        const { view, resolution } = simulate(request, null, config.credentials);
        const decision = decide(view, policy, () => resolution) as Decision;
        expect(decision.route?.id).toBe(subject);
        // Nobody is asked for, though a condition may still not be met.
        if (decision.outcome === 'refuse') expect(decision.reason).toBe('condition_failed');
      }
      const unmeetable = findings.filter(({ code }) => code === 'rule_unmeetable');
      for (const { place } of unmeetable) {
        const route = config.routes.routes['index' in place ? place.index : -1]!;
        const rules = [route.access.every, ...route.access.byMethod.values()];
        expect(rules.some((rule) => rule?.kind === 'roles')).toBe(true);
      }
    }),
    { numRuns: runs },
  );
  expect([...seen.keys()]).toEqual(
    expect.arrayContaining([
      'role_unused',
      'route_in_shadow',
      'condition_unmeetable',
      'condition_idle',
      'public_over_protected',
    ]),
  );
});

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
