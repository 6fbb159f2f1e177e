import { afterEach, describe, expect, it, vi } from 'vitest';
import { Upstream } from '../../../src/upstream/create-upstreams.ts';
import type { Target } from '../../../src/upstream/target.ts';

const upstreams: Upstream[] = [];

function upstream(count: number, connections = 2): Upstream {
  const made = new Upstream({
    name: 'service',
    targets: Array.from({ length: count }, (_, i) => `http://127.0.0.1:${9_000 + i}`),
    health: null,
    connections,
    connectTimeoutMs: 100,
    requestsPerClient: 1,
    streams: 1,
    streamsPerClient: 1,
    bufferChunkedBodies: false,
    queue: { length: 1, waitMs: 100 },
    gatewaySecret: null,
    tls: null,
    proxyProtocol: null,
    host: 'keep',
  });
  upstreams.push(made);
  return made;
}

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(upstreams.splice(0).flatMap(({ targets }) => targets.map((target) => target.destroy())));
});

describe('Upstream.pick', () => {
  it('takes the targets in turn', () => {
    const service = upstream(3);
    const picked = Array.from({ length: 9 }, () => service.pick(null));
    for (const target of service.targets) expect(picked.filter((one) => one === target)).toHaveLength(3);
    expect(new Set(picked.slice(0, 3)).size).toBe(3);
  });

  it('skips unhealthy targets, and is unavailable without a healthy one', () => {
    const service = upstream(2);
    service.targets[0]!.healthy = false;
    expect([service.pick(null), service.pick(null)]).toEqual([service.targets[1], service.targets[1]]);
    service.targets[1]!.healthy = false;
    expect(service.pick(null)).toBe('upstream_unavailable');
    expect(upstream(1).pick(null)).toBeInstanceOf(Object);
    const single = upstream(1);
    single.targets[0]!.healthy = false;
    expect(single.pick(null)).toBe('upstream_unavailable');
  });

  it('prefers targets without a recent connection failure', () => {
    vi.useFakeTimers();
    const service = upstream(2);
    const [first, second] = service.targets as [Target, Target];
    first.connectionFailed();
    expect(Array.from({ length: 4 }, () => service.pick(null))).toEqual([second, second, second, second]);
    second.healthy = false;
    expect(service.pick(null)).toBe(first);
    second.healthy = true;
    vi.advanceTimersByTime(2_001);
    expect(new Set([service.pick(null), service.pick(null)]).size).toBe(2);
  });

  it.each([1, 3])('is unreachable after all of %d targets were tried', (count) => {
    const service = upstream(count);
    expect(service.pick(new Set(service.targets))).toBe('upstream_unreachable');
  });

  it.each([1, 3])('finds one of %d busy targets for a request with its own connection', (count) => {
    const service = upstream(count, 2);
    for (const target of service.targets) target.inFlight = 2;
    expect(service.pick(null, false)).toBeInstanceOf(Object);
  });

  it.each([1, 3])('is busy when every connection of all %d targets is in use', (count) => {
    const service = upstream(count, 2);
    for (const target of service.targets) target.inFlight = 1;
    expect(service.pick(null)).toBeInstanceOf(Object);
    for (const target of service.targets) target.inFlight = 2;
    expect(service.pick(null)).toBe('upstream_busy');
  });
});
