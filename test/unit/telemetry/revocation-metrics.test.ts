import { expect, test } from 'vitest';
import { collect } from './make-record.ts';
import { readMetrics, sampleValue } from './prometheus-text.ts';

test('revocations are counted by origin and kind, and nothing else about them is exposed', async () => {
  const { telemetry } = collect('silent');
  const { identityEvents: events } = telemetry;
  events.revoked('admin', { kind: 'session', id: 'a-session' });
  events.revoked('admin', { kind: 'session', id: 'session-seven' });
  events.revoked('replica', { kind: 'credential', lookups: ['a-name'] });
  const text = await telemetry.registry.metrics();
  expect(sampleValue(text, 'rolegate_revocations_total', { source: 'admin', kind: 'session' })).toBe(2);
  expect(sampleValue(text, 'rolegate_revocations_total', { source: 'replica', kind: 'credential' })).toBe(1);
  for (const hidden of ['a-session', 'session-seven', 'a-name']) expect(text).not.toContain(hidden);
});

test('counts failures', async () => {
  const { telemetry } = collect('silent');
  const { identityEvents: events } = telemetry;
  events.invalidMessage('log');
  events.caughtUp('lost');
  events.unacknowledged(2);
  events.unacknowledged(1);
  events.undelivered();
  telemetry.evictionUnreadable('orders');
  const text = await telemetry.registry.metrics();
  expect(sampleValue(text, 'rolegate_revocation_messages_invalid_total', { where: 'log' })).toBe(1);
  expect(sampleValue(text, 'rolegate_revocation_catch_ups_total', { outcome: 'lost' })).toBe(1);
  expect(sampleValue(text, 'rolegate_revocations_unacknowledged_total', {})).toBe(3);
  expect(sampleValue(text, 'rolegate_revocations_undelivered_total', {})).toBe(1);
  expect(sampleValue(text, 'rolegate_evictions_unreadable_total', { route: 'orders' })).toBe(1);
});

test('the connection to revocations is read at each scrape, and absent until in use', async () => {
  const { telemetry } = collect('silent');
  const connectedOf = async () =>
    readMetrics(await telemetry.registry.metrics())
      .get('rolegate_revocations_connected')!
      .samples.map(({ value }) => value);
  expect(await connectedOf()).toEqual([]);
  let connected = true;
  telemetry.watchRevocations(() => ({ connected, tombstones: 0 }));
  expect(await connectedOf()).toEqual([1]);
  connected = false;
  expect(await connectedOf()).toEqual([0]);
});
