/** What Prometheus scrapes from a gateway or records about it: sample names with their labels. */

import { reasons } from '../../../src/core/outcome/reasons.ts';
import type { Rules } from '../../support/alert-rules.ts';
import { metricsCatalog } from '../../support/metrics-catalog.ts';
import { metricsOf, selectorsOf } from '../../support/promql.ts';

/** Present in every scrape. */
const ofScrape = ['job', 'instance'];

export function knownSeries(rules: Rules): ReadonlyMap<string, readonly string[]> {
  const scraped = metricsCatalog().flatMap(({ name, type, labels }): [string, readonly string[]][] => {
    const all = [...ofScrape, ...labels];
    if (type !== 'histogram') return [[name, all]];
    return [
      [`${name}_bucket`, [...all, 'le']],
      [`${name}_count`, all],
      [`${name}_sum`, all],
    ];
  });
  const recorded = rules.records.map(({ name }): [string, readonly string[]] => [name, ['job']]);
  return new Map([...scraped, ...recorded, ['ALERTS', [...ofScrape, 'alertname', 'alertstate']], ['up', ofScrape]]);
}

/** What a query uses but does not exist. `ofRuntime`: a metric of Node. */
export function unknownOf(
  query: string,
  known: ReadonlyMap<string, readonly string[]>,
  ofRuntime: (name: string) => boolean,
): string[] {
  const names = metricsOf(query).filter((name) => !known.has(name) && !ofRuntime(name));
  const labels = selectorsOf(query).flatMap(({ metric, labels: asked }) =>
    asked
      .filter((label) => known.has(metric) && !known.get(metric)!.includes(label))
      .map((label) => `${metric}{${label}}`),
  );
  return [...names, ...labels, ...unknownReasons(query)];
}

/** Unknown reasons that a query selects, in `reason` or as the outcome of a call to a source. */
function unknownReasons(query: string): string[] {
  const selected = [...query.matchAll(/\b(?:reason=~?"|outcome=~?"(?=auth_))([^"]+)"/g)];
  return selected
    .flatMap(([, pattern]) => alternativesOf(pattern!))
    .filter((one) => !Object.keys(reasons).some((code) => new RegExp(`^(?:${one})$`).test(code)));
}

/** `a_(b|c)` expands to `a_b` and `a_c`. */
function alternativesOf(pattern: string): string[] {
  const [, before = '', list = pattern] = /^(\w*)\((.+)\)$/.exec(pattern) ?? [];
  return list.split('|').map((one) => `${before}${one}`);
}
