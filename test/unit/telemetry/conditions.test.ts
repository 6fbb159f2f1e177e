/** Refusals by conditions: counted and logged by the author's word, in addition to their common reason. */
import { expect, test } from 'vitest';
import { collect, makeRecord, refused, unmet } from './make-record.ts';
import { readMetrics } from './prometheus-text.ts';

test('are counted by route and word', async () => {
  const { telemetry } = collect('silent');
  for (const word of ['wrong_tenant', 'not_yours', 'wrong_tenant']) {
    telemetry.observe(makeRecord({ decision: unmet(word), reason: 'condition_failed', status: 403 }));
  }
  telemetry.observe(makeRecord({ decision: refused('role_missing'), reason: 'role_missing', status: 403 }));
  const scraped = readMetrics(await telemetry.registry.metrics());
  const counted = scraped.get('rolegate_condition_refusals_total')?.samples;
  expect(counted?.map(({ labels, value }) => [labels['condition'], value])).toEqual([
    ['wrong_tenant', 2],
    ['not_yours', 1],
  ]);
  const reasons = scraped.get('rolegate_refusals_total')?.samples;
  expect(reasons?.map(({ labels, value }) => [labels['reason'], value])).toContainEqual(['condition_failed', 3]);
});

test('are logged with their word', async () => {
  const { telemetry, lines } = collect();
  telemetry.observe(makeRecord({ decision: unmet('wrong_tenant'), reason: 'condition_failed', status: 403 }));
  telemetry.observe(makeRecord({ decision: refused('role_missing'), reason: 'role_missing', status: 403 }));
  const [first, second] = await lines();
  expect(first).toMatchObject({ reason: 'condition_failed', condition: 'wrong_tenant', fault: 'policy' });
  expect(second).not.toHaveProperty('condition');
});
