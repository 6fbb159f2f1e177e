/** Parses Prometheus queries with their own grammar: invalid queries, and the metrics and labels in a query. */
import { parser } from '@prometheus-io/lezer-promql';

/** The position of a syntax error; none if the query is valid. */
export function promqlFaults(query: string): string[] {
  const faults: string[] = [];
  parser.parse(query).iterate({
    enter(node) {
      if (node.type.isError) faults.push(`no query of Prometheus at character ${node.from}: ${query.trim()}`);
    },
  });
  return faults;
}

/** Names of metrics and recording rules. */
export function metricsOf(query: string): string[] {
  const names = new Set<string>();
  parser.parse(query).iterate({
    enter({ name, from, to, node }) {
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') names.add(query.slice(from, to));
    },
  });
  return [...names];
}

/** Metrics with the labels by which a query selects their series. */
export function selectorsOf(query: string): readonly { readonly metric: string; readonly labels: readonly string[] }[] {
  const selectors: { metric: string; labels: string[] }[] = [];
  parser.parse(query).iterate({
    enter({ name, from, to }) {
      const text = query.slice(from, to);
      if (name === 'VectorSelector') selectors.push({ metric: /^[\w:]+/.exec(text)?.[0] ?? '', labels: [] });
      if (name === 'LabelName' && selectors.length > 0 && /^[!=]/.test(query.slice(to)))
        selectors.at(-1)!.labels.push(text);
    },
  });
  return selectors;
}
