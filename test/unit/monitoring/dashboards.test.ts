/**
 * The Grafana dashboards as generated, with queries that Prometheus can parse and metrics that exist. Needs neither.
 */
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readRules } from '../../support/alert-rules.ts';
import { promqlFaults } from '../../support/promql.ts';
import { collect } from '../telemetry/make-record.ts';
import { readMetrics } from '../telemetry/prometheus-text.ts';
import { knownSeries, unknownOf } from './known-series.ts';

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}
interface Dashboard {
  readonly title: string;
  readonly uid: string;
  readonly panels: readonly Panel[];
}

const built = globSync('monitoring/dashboards/*.json').map((file): readonly [string, Dashboard] => [
  basename(file, '.json'),
  JSON.parse(readFileSync(file, 'utf8')),
]);
const panels = built.flatMap(([name, { panels: list }]) =>
  list.map((panel) => [`${name}: ${panel.title}`, panel] as const),
);
const queried = panels.filter(([, { type }]) => type !== 'row');

test('each dashboard has a unique name and links to the others', () => {
  expect(new Set(built.map(([, { uid }]) => uid)).size).toBe(4);
  for (const [, dashboard] of built) {
    expect(dashboard).toMatchObject({ tags: ['rolegate'], links: [{ tags: ['rolegate'], includeVars: true }] });
  }
});

test.each(built)('%s fills its columns without overlapping panels', (_, dashboard) => {
  const cells = new Set<string>();
  const wide = dashboard.panels.filter(({ type }) => type !== 'row');
  for (const {
    gridPos: { x, y, w, h },
  } of dashboard.panels) {
    for (let column = x; column < x + w; column += 1) {
      for (let line = y; line < y + h; line += 1) {
        expect(cells.has(`${column} ${line}`), `${column} ${line}`).toBe(false);
        cells.add(`${column} ${line}`);
      }
    }
  }
  const filled = new Map<number, number>();
  for (const {
    gridPos: { y, w },
  } of wide)
    filled.set(y, (filled.get(y) ?? 0) + w);
  expect([...new Set(filled.values())]).toEqual([24]);
});

describe('queries', () => {
  const rules = readRules(readFileSync('monitoring/alerts.yaml', 'utf8'));
  const known = knownSeries(rules);

  /** As Grafana sends it. */
  const sent = (expr: string) => expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$(job|instance)\b/g, '.+');

  test.each(queried)('%s', async (_, { targets, description }) => {
    expect(description).toMatch(/\.$/);
    expect(targets?.length).toBeGreaterThan(0);
    const scraped = readMetrics(await collect('silent').telemetry.registry.metrics());
    for (const { expr, legendFormat } of targets!) {
      expect(promqlFaults(sent(expr))).toEqual([]);
      expect(sent(expr)).not.toContain('$');
      const ofRuntime = (name: string) =>
        /^(process|nodejs)_/.test(name) && scraped.has(name.replace(/_(bucket|count|sum)$/, ''));
      expect(unknownOf(sent(expr), known, ofRuntime)).toEqual([]);
      // A legend shows nothing for a label that no series has.
      const grouped = [...expr.matchAll(/\bby \(([^)]+)\)/g)].flatMap(([, labels]) => labels!.split(', '));
      const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
      expect(shown.filter((label) => !grouped.includes(label) && label !== 'instance')).toEqual([]);
    }
  });
});
