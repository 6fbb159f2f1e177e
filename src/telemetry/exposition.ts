/** Writes metrics in the Prometheus text format, version 0.0.4. */
import type { MetricDefinition } from './metrics-catalog.ts';

/** One line: values of the definition's labels in their order, and for a histogram which part of it. */
export interface Sample {
  readonly labels: readonly string[];
  readonly value: number;
  readonly part?: { readonly suffix: '_bucket' | '_sum' | '_count'; readonly le?: string };
}

/** A metric with its `HELP` and `TYPE` lines; ends with a line feed. */
export function formatMetric(definition: MetricDefinition, samples: Iterable<Sample>): string {
  const { name } = definition;
  let text = `# HELP ${name} ${definition.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`;
  text += `# TYPE ${name} ${definition.type}\n`;
  for (const { labels, value, part } of samples) {
    const pairs = definition.labels.map((label, index) => `${label}="${escapeLabel(labels[index] ?? '')}"`);
    if (part?.le !== undefined) pairs.push(`le="${part.le}"`);
    text += `${name}${part?.suffix ?? ''}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${formatNumber(value)}\n`;
  }
  return text;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function formatNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
