import { expect, test } from 'vitest';
import { Distribution } from '../../../src/telemetry/distribution.ts';
import { formatMetric } from '../../../src/telemetry/exposition.ts';
import { metricsCatalog } from '../../../src/telemetry/metrics-catalog.ts';
import { countedSamples, type MetricSamples, sumSamples, withoutZeros } from '../../../src/telemetry/sum-samples.ts';

const one = (value: number, ...labels: string[]) => ({ labels, value });
const page = (samples: MetricSamples) =>
  samples.map(([key, values]) => formatMetric(metricsCatalog[key], values)).join('');

test('counters, histograms and most gauges are added, series by series', () => {
  const [a, b] = [new Distribution([0.1, 1]), new Distribution([0.1, 1])];
  for (const seconds of [0.05, 0.5]) a.observe(seconds);
  for (const seconds of [0.5, 5]) b.observe(seconds);
  const sum = sumSamples([
    [
      ['refusals', [one(2, 'order', 'role_missing')]],
      ['requestDuration', [...a.samples(['order'])]],
      ['connections', [one(3)]],
    ],
    [
      ['refusals', [one(1, 'order', 'role_missing'), one(5, 'other', 'role_missing')]],
      ['requestDuration', [...b.samples(['order'])]],
      ['connections', [one(4)]],
    ],
  ]);
  const text = page(sum);
  expect(text).toContain('rolegate_refusals_total{route="order",reason="role_missing"} 3\n');
  expect(text).toContain('rolegate_refusals_total{route="other",reason="role_missing"} 5\n');
  const durations = text.split('\n').filter((line) => line.startsWith('rolegate_request_duration'));
  expect(durations.map((line) => line.slice(line.lastIndexOf(' ') + 1))).toEqual(['1', '3', '4', '6.05', '4']);
  expect(text).toContain('rolegate_connections_open 7\n');
});

test('what cannot be added is taken as it is meant', () => {
  const part = (ok: number, lag: number, hearing: number): MetricSamples => [
    ['configOk', [one(ok)]],
    ['eventLoopLag', [one(lag)]],
    ['revocationConnected', [one(hearing)]],
  ];
  const values = sumSamples([part(1, 0, 1), part(0, 2, 1), part(0, 1, 0)]).map(([, samples]) => [...samples][0]!.value);
  expect(values).toEqual([1, 2, 0]);
});

test('of a process that is gone stays what it counted, for routes that are there', () => {
  const kept = countedSamples(
    [
      ['refusals', [one(1, 'order', 'draining'), one(1, 'old', 'draining')]],
      ['connections', [one(4)]],
      ['configLoads', [one(1, 'ok')]],
    ],
    new Set(['order']),
  );
  expect(kept).toEqual([['refusals', [one(1, 'order', 'draining')]]]);
});

test('zeros are left out, but never a part of a histogram', () => {
  const [empty, full] = [new Distribution([1, 2]), new Distribution([1, 2])];
  full.observe(1.5);
  const kept = withoutZeros([
    ['requestDuration', [...empty.samples(['a']), ...full.samples(['b'])]],
    ['bytesSent', [one(0, 'a'), one(1, 'b')]],
    ['revocationConnected', [one(0)]],
  ]);
  expect(kept).toEqual([
    ['requestDuration', [...full.samples(['b'])]],
    ['bytesSent', [one(1, 'b')]],
    ['revocationConnected', [one(0)]],
  ]);
});
