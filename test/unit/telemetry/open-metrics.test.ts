/** The OpenMetrics format: parsed line by line by its grammar, with the same values as the text format. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { metricsFormat } from '../../../src/operations/metrics-format.ts';
import { pageOf } from '../../../src/telemetry/metrics/registry.ts';
import { makeTable } from '../core/make-policy.ts';
import { collect, makeRecord, refused, table } from './make-record.ts';
import { readMetrics } from './prometheus-text.ts';

const name = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const text = '(?:[^"\\\\\\n]|\\\\[\\\\n"])*';
const labels = `(?:\\{${name}="${text}"(?:,${name}="${text}")*\\})?`;
const number = '-?\\d+(?:\\.\\d+)?(?:e[+-]\\d+)?';
const exemplar = `(?: # \\{trace_id="[0-9a-f]{32}"\\} ${number} ${number})?`;
const sampleLine = new RegExp(`^(${name})(${labels}) (NaN|[+-]Inf|${number})(${exemplar})$`);
const suffixes: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total'],
  gauge: [''],
  info: ['_info'],
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

/** What the grammar forbids. */
function faults(page: string): string[] {
  const found: string[] = [];
  if (!page.endsWith('\n# EOF\n')) found.push('no EOF');
  const seen = new Set<string>();
  let family = '';
  let type = '';
  for (const line of page.split('\n').slice(0, -2)) {
    const [, word, of = '', rest = ''] = /^# (TYPE|UNIT|HELP) (\S+) (.*)$/.exec(line) ?? [];
    if (word === 'TYPE') {
      if (seen.has(of) || suffixes[rest] === undefined) found.push(line);
      seen.add(of);
      [family, type] = [of, rest];
    } else if (word !== undefined) {
      if (of !== family || (word === 'UNIT' && !of.endsWith(`_${rest}`)) || /[^\\]"/.test(rest)) found.push(line);
    } else {
      const [, sample, , , shown] = sampleLine.exec(line) ?? [];
      if (shown !== '' && !sample?.endsWith('_bucket')) found.push(line);
      if (sample === undefined || !suffixes[type]?.some((suffix) => sample === `${family}${suffix}`)) found.push(line);
    }
  }
  return found;
}

test('every metric of a gateway follows the grammar, with the values of the text format', async () => {
  const { telemetry } = collect('silent');
  telemetry.observe(makeRecord({ bytesIn: 5 }));
  telemetry.observe(makeRecord({ decision: refused('role_missing'), reason: 'role_missing', status: 403 }));
  const open = await telemetry.metricsPage('openmetrics');
  const plain = await telemetry.metricsPage('text');
  expect(open.type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  expect(plain.type).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(faults(open.text)).toEqual([]);
  expect(open.text).toMatch(/^# TYPE rolegate_requests counter$/m);
  expect(open.text).toMatch(/^# UNIT rolegate_request_duration_seconds seconds$/m);
  expect(open.text).toMatch(/^# TYPE rolegate_build info$/m);
  const samples = (page: string) => page.split('\n').filter((line) => line.startsWith('rolegate_'));
  expect(samples(open.text)).toEqual(samples(plain.text));
  expect(samples(open.text).length).toBeGreaterThan(100);
  // It renamed nothing.
  expect(readMetrics((await telemetry.metricsPage('text')).text).has('rolegate_requests_total')).toBe(true);
});

describe('exemplars', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const traced = (id: string, sampled: boolean, ms: number) =>
    makeRecord({
      endedAt: 1000 + ms,
      traceId: id,
      trace: { traceId: id, sampled, deciding: (decide) => decide(), forwarding() {}, end() {} },
    });
  const shownIn = (page: string) => page.split('\n').filter((line) => line.includes(' # {'));

  test('are on the bucket of the last recorded request, in OpenMetrics only', async () => {
    const { telemetry } = collect('silent');
    telemetry.observe(traced('a'.repeat(32), true, 4));
    telemetry.observe(traced(traceId, true, 4.5));
    telemetry.observe(traced('b'.repeat(32), false, 4.5));
    telemetry.observe(traced('c'.repeat(32), true, 60_000));
    const { text: page } = await telemetry.metricsPage('openmetrics');
    expect(faults(page)).toEqual([]);
    const bucket = (bound: string) => `rolegate_request_duration_seconds_bucket{le="${bound}",route="orders"}`;
    expect(shownIn(page).map((line) => line.replace(/ \d+(?:\.\d+)?$/, ''))).toEqual([
      `${bucket('0.005')} 3 # {trace_id="${traceId}"} 0.0045`,
      `${bucket('+Inf')} 4 # {trace_id="${'c'.repeat(32)}"} 60`,
    ]);
    expect(Number(/ ([\d.]+)$/.exec(shownIn(page)[0]!)?.[1]) * 1000).toBeCloseTo(Date.now(), -5);
    expect(shownIn((await telemetry.metricsPage('text')).text)).toEqual([]);
  });

  test('of a removed route are dropped', async () => {
    const { telemetry } = collect('silent');
    telemetry.observe(traced(traceId, true, 4));
    telemetry.useRoutes(makeTable([{ on: '/other', id: 'other' }]));
    telemetry.useRoutes(table);
    expect(shownIn((await telemetry.metricsPage('openmetrics')).text)).toEqual([]);
  });
});

test('escapes texts and formats special numbers', async () => {
  const registry = new Registry();
  const registers = [registry];
  const counter = new Counter({ name: 'a_total', help: 'Says "a" \\ b\nc.', labelNames: ['of'], registers });
  counter.inc({ of: '"\\\n' }, 0.25);
  new Gauge({ name: 'b_ratio', help: 'B.', registers }).set(Number.NaN);
  new Gauge({ name: 'c', help: 'C.', registers }).set(Number.POSITIVE_INFINITY);
  new Histogram({ name: 'd_seconds', help: 'D.', buckets: [1], registers }).observe(1e21);
  const { text: page } = await pageOf(registry, 'openmetrics');
  expect(faults(page)).toEqual([]);
  expect(page).toBe(`# TYPE a counter
# HELP a Says \\"a\\" \\\\ b\\nc.
a_total{of="\\"\\\\\\n"} 0.25
# TYPE b_ratio gauge
# UNIT b_ratio ratio
# HELP b_ratio B.
b_ratio NaN
# TYPE c gauge
# HELP c C.
c +Inf
# TYPE d_seconds histogram
# UNIT d_seconds seconds
# HELP d_seconds D.
d_seconds_bucket{le="1"} 0
d_seconds_bucket{le="+Inf"} 1
d_seconds_sum 1e+21
d_seconds_count 1
# EOF
`);
});

test('control: finds what the grammar forbids', () => {
  expect(faults('# TYPE a counter\na 1\n# EOF\n')).toEqual(['a 1']);
  expect(faults('# TYPE a gauge\na 1\n')).toContain('no EOF');
});

describe('the format that a scraper accepts', () => {
  const prometheus =
    'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
  test.each([
    [prometheus, 'openmetrics'],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text; version="1.0.0"; charset=utf-8', 'openmetrics'],
    ['text/plain, application/openmetrics-text;q=0.9', 'text'],
    ['application/openmetrics-text;version=0.0.1', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
    ['application/openmetrics-text;q=x', 'text'],
    ['*/*', 'text'],
    ['', 'text'],
  ])('%s: %s', (accept, format) => expect(metricsFormat(accept)).toBe(format));
});
