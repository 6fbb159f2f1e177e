/** Reads queries of Prometheus with its own grammar: what is no query, and which metrics a query names. */
import { parser } from '@prometheus-io/lezer-promql';

/** Where a query cannot be read; none: it is one. */
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
