/** Health checks of targets, and their effect on requests. */
import { describe, expect, it, vi } from 'vitest';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { startMisbehavingServer } from '../../support/misbehaving-server.ts';
import { sendRaw } from '../../support/raw-client.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startProxy } from '../../support/running-proxy.ts';

const running = closedAfterEach();

const get = 'GET /a HTTP/1.1\r\nHost: api.test\r\n\r\n';
const health = { path: '/live', intervalMs: 20, timeoutMs: 200 };

describe('health checks', () => {
  it('remove a failing target, report it, and restore it', async () => {
    const status = { one: 200, two: 200 };
    const upstreams = await Promise.all(
      (['one', 'two'] as const).map((name) =>
        startRecordingUpstream({
          answer: ({ target }) => (target === '/live' ? { status: status[name] } : { body: name }),
        }),
      ),
    );
    running.push(...upstreams);
    const [one, two] = upstreams.map(({ origin }) => origin) as [string, string];
    const upstreamHealth = vi.fn();
    const proxy = await startProxy({
      targets: [one, two],
      upstream: { health: { ...health, timeoutMs: 2_000 } },
      events: { upstreamHealth, upstreamWaited: vi.fn(), unrequestedResponse: vi.fn() },
    });
    running.push(proxy);
    const bodies = async () =>
      new Set((await Promise.all(Array.from({ length: 6 }, () => sendRaw(proxy.port, get)))).map((a) => a.text()));

    // Reported from the first check on.
    await vi.waitFor(() => expect(upstreamHealth).toHaveBeenCalledTimes(2));
    for (const target of [one, two]) expect(upstreamHealth).toHaveBeenCalledWith('service', target, true);
    expect(await bodies()).toEqual(new Set(['one', 'two']));
    status.one = 503;
    await vi.waitFor(() => expect(upstreamHealth).toHaveBeenLastCalledWith('service', one, false));
    expect(await bodies()).toEqual(new Set(['two']));
    status.two = 500;
    await vi.waitFor(() => expect(upstreamHealth).toHaveBeenLastCalledWith('service', two, false));
    const refused = await sendRaw(proxy.port, get);
    expect([refused.status, refused.header('retry-after')]).toEqual([503, '2']);
    expect(JSON.parse(refused.text())).toMatchObject({ code: 'upstream_unavailable' });
    status.one = 204;
    await vi.waitFor(() => expect(upstreamHealth).toHaveBeenLastCalledWith('service', one, true));
    expect(await bodies()).toEqual(new Set(['one']));
    expect(upstreamHealth).toHaveBeenCalledTimes(5);
  });

  it.each([
    ['never answers', { kind: 'never-answers' }],
    ['hangs up', { kind: 'hangs-up' }],
    ['stalls in its response', { kind: 'half-body', sentBytes: 1, promisedBytes: 9, afterwards: 'stall' }],
  ] as const)('mark a target unhealthy that %s', async (_name, behavior) => {
    const server = await startMisbehavingServer(behavior);
    running.push(server);
    const upstreamHealth = vi.fn();
    const proxy = await startProxy({
      targets: [server.origin],
      upstream: { health },
      events: { upstreamHealth, upstreamWaited: vi.fn(), unrequestedResponse: vi.fn() },
    });
    running.push(proxy);
    await vi.waitFor(() => expect(upstreamHealth).toHaveBeenCalledWith('service', server.origin, false));
    // One check at a time, however long it takes.
    expect(server.open()).toBeLessThanOrEqual(1);
  });
});
