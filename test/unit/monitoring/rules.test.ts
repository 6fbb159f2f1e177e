/** Everything that monitoring/alerts.yaml queries exists: metrics, records and runbooks. Needs no Prometheus. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { alertsFile, readRules } from '../../support/alert-rules.ts';
import { anchorsOf } from '../../support/markdown-page.ts';
import { metricsOf, promqlFaults } from '../../support/promql.ts';
import { knownSeries, unknownOf } from './known-series.ts';

const { alerts, records } = readRules(readFileSync(alertsFile, 'utf8'));
const rules = [...alerts, ...records];
const page = readFileSync('docs/reference/alerts.md', 'utf8');

const known = knownSeries({ alerts, records });
const ofRuntime = (name: string) => ['process_open_fds', 'process_max_fds'].includes(name);

test.each(rules.map(({ name, expr }) => [name, expr] as const))('%s queries only what exists', (_, expr) => {
  expect(promqlFaults(expr)).toEqual([]);
  expect(metricsOf(expr)).not.toEqual([]);
  expect(unknownOf(expr, known, ofRuntime)).toEqual([]);
});

test.each(alerts.map((alert) => [alert.name, alert] as const))(
  '%s describes the fault and links to its runbook',
  (name, one) => {
    expect(one.severity).toMatch(/^(critical|warning)$/);
    expect(one.annotations['summary']).toMatch(/^\S.*\.$/);
    const [path, anchor] = one.annotations['runbook_url']!.split('#');
    expect(path).toBe('docs/reference/alerts.md');
    expect(anchorsOf(page)).toContain(anchor);
    expect(anchor).toBe(name.toLowerCase());
    expect(one.runbook).toMatch(/^1\. /m);
  },
);

test('every recording rule is used by an alert or is of use to operators', () => {
  const used = new Set(rules.flatMap(({ expr }) => metricsOf(expr)));
  const asked = ['job:rolegate_decisions_from_memory:ratio_rate5m'];
  expect(records.map(({ name }) => name).filter((name) => !used.has(name) && !asked.includes(name))).toEqual([]);
});

describe('controls', () => {
  test('finds an invalid query', () => {
    expect(promqlFaults('sum by (job (up)')).not.toEqual([]);
    expect(metricsOf('sum by (job) (rate(a_total{b="c"}[5m])) / on (x) b:d')).toEqual(['a_total', 'b:d']);
  });

  test('finds an unknown metric or label', () => {
    const query = 'rate(rolegate_requests_total{rout="a", job="b"}[5m]) + rolegate_nothing';
    expect(unknownOf(query, known, ofRuntime)).toEqual(['rolegate_nothing', 'rolegate_requests_total{rout}']);
  });

  test.each([
    ['a_total{outcome=~"auth_(timeout|late)"}', ['auth_late']],
    ['a_total{reason="overlooked"}', ['overlooked']],
    ['a_total{outcome=~"auth_.+"} + b_total{reason=~"upstream_.+", outcome="error"}', []],
  ])('finds an unknown reason: %s', (query, unknown) => {
    expect(unknownOf(query, known, () => true)).toEqual(unknown);
  });

  test('refuses a rule without a comment', () => {
    expect(() => readRules('groups: [{ rules: [{ alert: A, expr: up }] }]')).toThrow('A has no comment');
  });
});
