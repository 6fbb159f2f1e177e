/** The metrics of several processes as those of one: each by what it means over several workers. */
import type { Sample } from './exposition.ts';
import { type MetricDefinition, type MetricKey, metricsCatalog } from './metrics-catalog.ts';

export type MetricSamples = readonly (readonly [MetricKey, Iterable<Sample>])[];

/** `parts`: those of the process that started the workers come first. */
export function sumSamples(parts: readonly MetricSamples[]): MetricSamples {
  const sums = new Map<MetricKey, Map<string, { sample: Sample; value: number }>>();
  for (const [index, part] of parts.entries()) {
    for (const [key, samples] of part) {
      let series = sums.get(key);
      if (series === undefined) {
        series = new Map();
        sums.set(key, series);
      }
      const { across } = definitionOf(key);
      if (across === 'first' && index > 0) continue;
      for (const sample of samples) {
        const name = seriesName(sample);
        const found = series.get(name);
        if (found === undefined) series.set(name, { sample, value: sample.value });
        else if (across === 'max') found.value = Math.max(found.value, sample.value);
        else if (across === 'min') found.value = Math.min(found.value, sample.value);
        else found.value += sample.value;
      }
    }
  }
  return [...sums].map(([key, series]) => [
    key,
    [...series.values()].map(({ sample, value }) => ({ ...sample, value })),
  ]);
}

/**
 * What has to stay when a process ends: what it has counted. `routes`: ids of the configuration in use; those of others
 * are let go.
 */
export function countedSamples(samples: MetricSamples, routes: ReadonlySet<string> | null): MetricSamples {
  return samples
    .filter(([key]) => {
      const { type, across } = definitionOf(key);
      return type !== 'gauge' && across === undefined;
    })
    .map(([key, values]) => {
      const at = definitionOf(key).labels.indexOf('route');
      if (at < 0 || routes === null) return [key, values];
      return [key, [...values].filter(({ labels }) => routes.has(labels[at] ?? ''))];
    });
}

/** Without series that add nothing to a sum. A histogram is left out whole or not at all. */
export function withoutZeros(samples: MetricSamples): [MetricKey, Sample[]][] {
  return samples.map(([key, values]) => {
    const { across } = definitionOf(key);
    if (across !== undefined) return [key, [...values]];
    const kept: Sample[] = [];
    let histogram: Sample[] = [];
    for (const sample of values) {
      if (sample.part === undefined) {
        if (sample.value !== 0) kept.push(sample);
        continue;
      }
      histogram.push(sample);
      if (sample.part.suffix !== '_count') continue;
      if (sample.value !== 0) kept.push(...histogram);
      histogram = [];
    }
    return [key, kept];
  });
}

function definitionOf(key: MetricKey): MetricDefinition {
  return metricsCatalog[key];
}

function seriesName({ labels, part }: Sample): string {
  const name = labels.join('\0');
  return part === undefined ? name : `${name}\0${part.suffix}${part.le ?? ''}`;
}
