/** The reference pages and the code list the same things, in both directions. */

import { describe, expect, test } from 'vitest';
import type { Refuse } from '../../../src/core/decision.ts';
import { responseRules } from '../../../src/http1/grammar/response-fault.ts';
import { noHeaders } from '../../../src/proxy-protocol/header-port.ts';
import { fieldNames } from '../../../src/telemetry/log/field-names.ts';
import { metricsCatalog } from '../../support/metrics-catalog.ts';
import { allowed, collect, makeRecord, refused, unmet } from './make-record.ts';
import { readMetrics } from './prometheus-text.ts';
import { accessLogMembers, rowsOf } from './reference-pages.ts';

describe('docs/reference/metrics.md', () => {
  const definitions = metricsCatalog();

  test('lists every metric of the catalog with its type, labels and meaning, and no other', () => {
    const expected = definitions.map(({ name, type, labels, help }) => [
      `\`${name}\``,
      type,
      labels.map((label) => `\`${label}\``).join(', '),
      help,
    ]);
    const listed = rowsOf('metrics.md', /^`rolegate_[a-z_]+`$/);
    expect(listed.sort()).toEqual(expected.sort());
  });

  test('and a scrape contain the same metrics, besides those of the runtime', async () => {
    const { telemetry } = collect('silent');
    const scraped = readMetrics(await telemetry.registry.metrics());
    const ours = [...scraped].filter(([name]) => !/^(?:process|nodejs)_/.test(name));
    expect(scraped.size).toBeGreaterThan(ours.length + 10);
    expect(ours.map(([name, { type, help }]) => [name, type, help]).sort()).toEqual(
      definitions.map(({ name, type, help }) => [name, type, help]).sort(),
    );
  });

  test('every sample has the labels of its definition', async () => {
    const { telemetry } = collect('silent');
    telemetry.observe(makeRecord({ reason: 'upstream_failed' }));
    telemetry.observe(makeRecord({ entrypoint: 'authorizer', dialect: 'nginx' }));
    telemetry.observe(makeRecord({ decision: unmet('wrong_tenant'), reason: 'condition_failed', status: 403 }));
    telemetry.identityEvents.sourceCall('authApi', 'bearer', 'auth_unavailable', 'status', 1);
    telemetry.identityEvents.claimUnreadable('authApi', 'plan', 'field "plan"');
    telemetry.identityEvents.redis('get', 'hit');
    telemetry.identityEvents.sources(new Map([['authApi', 1]]));
    telemetry.identityEvents.failover('authApi', 0);
    telemetry.identityEvents.sharedLookUp('led', null);
    telemetry.identityEvents.refresh('accepted');
    telemetry.identityEvents.throttled('client');
    telemetry.identityEvents.evicted('accepted');
    telemetry.identityEvents.sessionEvicted('person');
    telemetry.identityEvents.revokedVerdict('memory');
    telemetry.identityEvents.revoked('admin', { kind: 'all' });
    telemetry.identityEvents.eventToken('logout', 'issuer', 'revoked');
    telemetry.identityEvents.invalidMessage('channel');
    telemetry.identityEvents.caughtUp('started');
    telemetry.evictionUnreadable('orders');
    telemetry.decisionEvents.compared('same');
    telemetry.decisionEvents.differed('orders', 'newly_refused', 'role_missing');
    telemetry.decisionEvents.recorded('kept');
    telemetry.configLoaded('0123456789ab');
    telemetry.decisionEvents.evicted('memory', 1, 1000);
    telemetry.identityEvents.clock(1);
    telemetry.watchRevocations(() => ({ connected: true, tombstones: 1 }));
    telemetry.upstreamHealth('orders', 'http://a:1', true);
    telemetry.useUpstreams(new Map([['orders', { targets: ['http://a:1'], health: {} }]]));
    telemetry.watchWorkers(() => ({ serving: 1, restarts: 1, requests: [1] }));
    telemetry.watchMail(() => ({ queued: 1, failing: false }));
    telemetry.watchShedder({ lagMs: 1, busy: 0.5, share: 1 });
    telemetry.watchTls({
      counts: { full: 1, resumed: 1, failed: 1, late: 1 },
      certificates: [{ certificate: { file: 'a.pem' }, expiresAtMs: 1 }],
      revocationList: { file: 'list.pem', issuedAtMs: 0, expiresAtMs: 1 },
    });
    telemetry.watchServer({
      connections: () => 1,
      requestsInFlight: () => 1,
      tunnels: () => 1,
      load: () => ({
        refusedConnections: { total: 1, client: 1 },
        endedConnections: { idle: 7, requests: 8, unread: 9, lingering: 11 },
        proxyHeaders: { ...noHeaders },
        openStreams: 1,
        rechecks: { kept: 1, ended: 1, unknown: 1 },
        bufferedBytes: 1,
        upstreams: [{ name: 'orders', inFlight: 1, waiting: 1, streams: 1 }],
      }),
    });
    const scraped = readMetrics(await telemetry.registry.metrics());
    for (const { name, labels } of definitions) {
      const { samples } = scraped.get(name)!;
      expect(samples, name).not.toHaveLength(0);
      for (const sample of samples) {
        expect(Object.keys(sample.labels).filter((label) => label !== 'le')).toEqual(labels);
      }
    }
  });

  test('names follow the Prometheus conventions', () => {
    for (const definition of definitions) {
      expect(definition.name.endsWith('_total')).toBe(definition.type === 'counter');
      if (definition.type === 'histogram') expect(definition.name).toMatch(/_seconds$/);
    }
  });
});

describe('docs/reference/log.md', () => {
  test('lists the names in other schemas', () => {
    const expected = Object.entries(fieldNames).map(([member, { ecs, otel }]) => [
      `\`${member}\``,
      `\`${ecs}\``,
      `\`${otel}\``,
    ]);
    expect(rowsOf('log.md', /^`[a-zA-Z.]+`$/).filter((cells) => cells.length === 3)).toEqual(expected);
  });

  test('lists the rules of responses', () => {
    const rows = rowsOf('log.md', /^`[a-z]+_[a-z_]+`$/).filter((cells) => cells.length === 2);
    const expected = Object.entries(responseRules).map(([rule, demand]) => [`\`${rule}\``, demand]);
    expect(rows).toEqual(expected);
  });

  test('the members of lines are those on the page', async () => {
    const { telemetry, lines } = collect('info', true, { slowRequestMs: 1000, instance: 'gateway-1' });
    const stale = { ...allowed(), stale: true };
    const parts = {
      errorId: 'e',
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      bytesIn: 1,
      bytesOut: 1,
      aborted: true,
      cut: true,
    };
    telemetry.observe(
      makeRecord({ ...parts, decision: stale as never, reason: 'internal_error', cause: new Error('x') }),
    );
    const keyed = { ...refused('role_missing'), identity: { ...allowed().identity!, sessionId: null, keyId: 'k' } };
    telemetry.observe(makeRecord({ ...parts, decision: keyed, reason: 'role_missing', status: 403 }));
    telemetry.observe(makeRecord({ decision: unmet('wrong_tenant'), reason: 'condition_failed', status: 403 }));
    telemetry.observe(makeRecord({ entrypoint: 'authorizer', dialect: 'nginx', endedAt: 9000, respondedAt: 0 }));
    const failure = {
      source: 'authApi',
      url: 'http://auth-api:8081/session',
      kind: 'status',
      detail: 'status 404',
    } as const;
    telemetry.observe(
      makeRecord({ decision: { ...(refused('auth_unavailable') as Refuse), failure }, reason: 'auth_unavailable' }),
    );
    telemetry.observe(
      makeRecord({
        decision: { ...(refused('credential_rejected') as Refuse), rejection: 'audience' },
        reason: 'credential_rejected',
      }),
    );
    const names = new Set((await lines()).flatMap((line) => Object.keys(line)));
    expect([...names].sort()).toEqual(accessLogMembers().sort());
  });
});
