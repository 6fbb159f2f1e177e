import { expect, test } from 'vitest';
import { logRevocations } from '../../../src/app/log-revocations.ts';
import { recordEvents } from '../identity/recorded-events.ts';
import { collect } from './make-record.ts';

test('logs what an operator needs, without names of credentials', async () => {
  const { telemetry, lines } = collect('info');
  const recorded = recordEvents();
  const events = logRevocations(recorded, telemetry.log);
  events.revoked('admin', { kind: 'session', id: 's1' }, { by: 'ops' });
  events.revoked('webhook', { kind: 'credential', lookups: ['a-keyed-name'] });
  events.revoked('replica', { kind: 'user', id: 'u1' });
  events.connected(false);
  events.connected(true);
  events.caughtUp('followed');
  events.caughtUp('lost');
  events.unacknowledged(2);
  events.undelivered();
  const written = await lines();
  expect(JSON.stringify(written)).not.toContain('a-keyed-name');
  expect(
    written.map(({ level, msg, source, kind, id, by, replicas }) => ({ level, msg, source, kind, id, by, replicas })),
  ).toMatchObject([
    { level: 'info', msg: 'revoked', source: 'admin', kind: 'session', id: 's1', by: 'ops' },
    { level: 'info', msg: 'revoked', source: 'webhook', kind: 'credential' },
    { level: 'warn', msg: 'disconnected from revocations: verdicts live no longer than cache.whileDisconnected' },
    { level: 'info', msg: 'connected to revocations' },
    { level: 'warn', msg: 'revocations may have been missed: every verdict is requested again' },
    { level: 'warn', replicas: 2 },
    { level: 'error' },
  ]);
  expect(recorded.lines).toHaveLength(9);
});
