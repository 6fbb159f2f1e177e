/** Whatever clients send, the number of series stays bounded and none of their text becomes a label. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ReasonCode, reasons } from '../../../src/core/outcome/reasons.ts';
import { allowed, collect, makeRecord, refused, routeOf } from './make-record.ts';
import { readMetrics } from './prometheus-text.ts';

const labeledMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const requestOutcomes = ['allow', 'refuse', 'fail', 'page', 'abandon'];
const codes = Object.keys(reasons) as ReasonCode[];
const known = new Set<string>([...labeledMethods, ...requestOutcomes, ...codes]);
for (const word of ['other', 'none', '(none)', 'orders', 'public', 'service', 'memory', 'redis', 'auth-api'])
  known.add(word);
for (const word of [
  'total',
  'client',
  'idle',
  'requests',
  'unread',
  'lingering',
  'kept',
  'ended',
  'unknown',
  'untrusted_peer',
  'secret_wrong',
  'ok',
  'error',
  ...['hit', 'miss', 'invalid', 'skipped', 'oversize', 'get', 'set', 'connection'],
  ...['led', 'found', 'pushed', 'failed', 'late', 'disconnected', 'alone'],
  ...['started', 'followed', 'lost'],
])
  known.add(word);

const record = fc.record({
  method: fc.oneof(fc.constantFrom(...labeledMethods), fc.string(), fc.constantFrom('__proto__', 'constructor')),
  path: fc.webPath(),
  host: fc.domain(),
  status: fc.integer({ min: -5, max: 1200 }),
  requestId: fc.string(),
  client: fc.ipV4(),
  target: fc.webUrl(),
  reason: fc.option(fc.constantFrom(...codes)),
  decision: fc.oneof(
    fc.constant(null),
    fc.constant(allowed()),
    fc.constant(allowed(routeOf('public'))),
    fc.constantFrom(...codes).map((code) => refused(code)),
  ),
});

test('series of requests stay bounded under random methods, paths and statuses', async () => {
  const { telemetry } = collect('silent');
  fc.assert(
    fc.property(record, (part) => telemetry.observe(makeRecord(part))),
    { numRuns: 20_000 },
  );
  const families = readMetrics(await telemetry.registry.metrics());
  const ours = [...families].filter(([name]) => name.startsWith('rolegate_')).flatMap(([, family]) => family.samples);
  const routes = 3;
  // Statuses: those known to Node, nine classes and none.
  const statuses = 63 + 9 + 1;
  const bound = routes * (labeledMethods.length + 1) * statuses * requestOutcomes.length + routes * codes.length + 500;
  expect(ours.length).toBeGreaterThan(1000);
  expect(ours.length).toBeLessThan(bound);
  for (const { labels } of ours) {
    for (const [label, value] of Object.entries(labels)) {
      if (label === 'status') expect(value).toMatch(/^(?:[1-5]\d\d|[1-9]xx|none)$/);
      else if (label === 'le') expect(value).toMatch(/^(?:[\d.e-]+|\+Inf)$/);
      else if (!['state', 'version', 'node', 'result', 'space'].includes(label)) expect(known).toContain(value);
    }
  }
});

test('a label survives the round trip, whatever it contains', async () => {
  const { telemetry } = collect('silent');
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string(), async (upstream, target) => {
      telemetry.useUpstreams(new Map([[upstream, { targets: [target], health: {} }]]));
      const text = await telemetry.registry.getSingleMetricAsString('rolegate_upstream_target_healthy');
      const { samples } = readMetrics(`${text}\n`).get('rolegate_upstream_target_healthy')!;
      expect(samples).toHaveLength(1);
      expect(samples[0]!.labels).toEqual({ upstream, target });
    }),
  );
});
