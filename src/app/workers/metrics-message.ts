/** The metrics of a worker as it sends them. There may be many, so they are read by hand, and as strictly. */
import { z } from 'zod';
import type { Sample } from '../../telemetry/exposition.ts';
import { type MetricKey, metricsCatalog } from '../../telemetry/metrics-catalog.ts';
import { aggregators, type RuntimeMetric, runtimeTypes } from '../../telemetry/runtime-metrics.ts';

export interface ProcessMetrics {
  readonly own: readonly (readonly [MetricKey, readonly Sample[]])[];
  readonly runtime: readonly RuntimeMetric[];
}

const value = z.strictObject({
  value: z.number().nullable(),
  labels: z.record(z.string(), z.union([z.string(), z.number()])),
  metricName: z.string().optional(),
  exemplar: z.unknown().optional(),
});
const runtime = z.array(
  z.strictObject({
    name: z.string().regex(/^(?:process|nodejs)_\w+$/),
    help: z.string(),
    type: z.enum(runtimeTypes),
    aggregator: z.enum(aggregators),
    values: z.array(value),
  }),
);

/** Null: this is none. */
export function readMetrics(message: unknown): ProcessMetrics | null {
  if (!isObject(message) || !Array.isArray(message['own'])) return null;
  const own: [MetricKey, readonly Sample[]][] = [];
  for (const entry of message['own'] as unknown[]) {
    if (!Array.isArray(entry) || entry.length !== 2) return null;
    const [key, samples]: unknown[] = entry;
    if (!isKey(key) || !Array.isArray(samples)) return null;
    const { length } = metricsCatalog[key].labels;
    if (!samples.every((sample: unknown) => isSample(sample, length))) return null;
    own.push([key, samples as Sample[]]);
  }
  const read = runtime.safeParse(message['runtime']);
  return read.success ? { own, runtime: read.data as readonly RuntimeMetric[] } : null;
}

function isKey(key: unknown): key is MetricKey {
  return typeof key === 'string' && Object.hasOwn(metricsCatalog, key);
}

function isSample(sample: unknown, labels: number): sample is Sample {
  if (!isObject(sample) || typeof sample['value'] !== 'number' || !isLabels(sample['labels'], labels)) return false;
  const { part } = sample;
  if (part === undefined) return true;
  if (!isObject(part)) return false;
  if (part['suffix'] === '_bucket') return typeof part['le'] === 'string' && /^(?:\+Inf|[\d.e-]+)$/.test(part['le']);
  return (part['suffix'] === '_sum' || part['suffix'] === '_count') && part['le'] === undefined;
}

function isLabels(labels: unknown, count: number): boolean {
  return Array.isArray(labels) && labels.length === count && labels.every((label) => typeof label === 'string');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
