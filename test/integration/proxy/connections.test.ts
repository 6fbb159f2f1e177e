/** Client connections: requests one after another, in order, and the end of a connection. */
import { describe, expect, it, vi } from 'vitest';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { openRaw } from '../../support/raw-client.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { type ProxySetup, type RunningProxy, startProxy } from '../../support/running-proxy.ts';

const running = closedAfterEach();

const get = (path = '/a', ...lines: string[]) =>
  `${[`GET ${path} HTTP/1.1`, 'Host: api.test', ...lines].join('\r\n')}\r\n\r\n`;

async function start(
  options: Parameters<typeof startRecordingUpstream>[0] = {},
  setup: Partial<ProxySetup> = {},
): Promise<RunningProxy & { readonly upstream: RecordingUpstream }> {
  const upstream = await startRecordingUpstream(options);
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin], ...setup });
  running.push(proxy);
  return { ...proxy, upstream };
}

describe('a connection', () => {
  it('carries requests without a body, with one in chunks, and two in one write', async () => {
    const { port, upstream } = await start({ answer: (request) => ({ body: request.body }) });
    const client = await openRaw(port);
    for (let i = 0; i < 3; i += 1) {
      client.write(get());
      expect((await client.answer()).status).toBe(200);
    }
    client.write('POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    client.write('0\r\n\r\n');
    expect((await client.answer()).text()).toBe('abc');
    client.write(get('/c') + get('/d'));
    expect((await client.answer()).status).toBe(200);
    expect((await client.answer()).status).toBe(200);
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/a', '/a', '/a', '/b', '/c', '/d']);
    client.destroy();
  });

  it('responds to pipelined requests in order', async () => {
    const waiting: (() => void)[] = [];
    const { port } = await start({
      answer: (request) => new Promise((resolve) => waiting.push(() => resolve({ body: request.target }))),
    });
    const client = await openRaw(port);
    client.write(get('/first'));
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    client.write(get('/second'));
    client.write(get('/third'));
    waiting[0]!();
    expect((await client.answer()).text()).toBe('/first');
    await vi.waitFor(() => expect(waiting.length).toBeGreaterThan(1));
    waiting[1]!();
    expect((await client.answer()).text()).toBe('/second');
    await vi.waitFor(() => expect(waiting.length).toBeGreaterThan(2));
    waiting[2]!();
    expect((await client.answer()).text()).toBe('/third');
    client.destroy();
  });

  it('responds to pipelined requests of a half-closed client', async () => {
    const released = Promise.withResolvers<void>();
    const { port, upstream } = await start({
      answer: async ({ target }) => {
        if (target === '/1') await released.promise;
        return { body: target };
      },
    });
    const client = await openRaw(port);
    client.write(get('/1'));
    await vi.waitFor(() => expect(upstream.requests.length).toBe(1), { interval: 1 });
    // Both at once, so their bytes arrive together.
    client.socket.end(get('/2') + get('/3'), 'latin1', () => released.resolve());
    const texts = [await client.answer(), await client.answer(), await client.answer()].map((answer) => answer.text());
    expect(texts).toEqual(['/1', '/2', '/3']);
    expect(await client.closed()).toBe('end');
  });

  it('refuses bytes that are not HTTP once the previous response is complete', async () => {
    const waiting: (() => void)[] = [];
    const { port, upstream } = await start({
      answer: () => new Promise((resolve) => waiting.push(() => resolve({ body: 'fine' }))),
    });
    const client = await openRaw(port);
    client.write(get());
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    client.write('no HTTP\r\n\r\n');
    waiting[0]!();
    expect((await client.answer()).text()).toBe('fine');
    expect(await client.answer()).toMatchObject({ status: 400 });
    await client.closed();
    expect(upstream.requests).toHaveLength(1);
  });

  it('of a half-closed client still serves a request sent before', async () => {
    const waiting: (() => void)[] = [];
    const { port, upstream } = await start({
      answer: (request) => new Promise((resolve) => waiting.push(() => resolve({ body: request.target }))),
    });
    const client = await openRaw(port);
    client.write(get('/first'));
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    client.socket.end(get('/second'));
    waiting[0]!();
    expect((await client.answer()).text()).toBe('/first');
    await vi.waitFor(() => expect(waiting).toHaveLength(2));
    waiting[1]!();
    expect((await client.answer()).text()).toBe('/second');
    expect(await client.closed()).toBe('end');
    expect(upstream.requests).toHaveLength(2);
  });

  it('counts the time of a request that waits for an upstream, but not of one that does not', async () => {
    const waiting: (() => void)[] = [];
    const upstreamWaited = vi.fn();
    const { port } = await start(
      { answer: () => new Promise((resolve) => waiting.push(() => resolve({ body: 'fine' }))) },
      {
        upstream: { connections: 1, requestsPerClient: 64 },
        events: { upstreamHealth: vi.fn(), upstreamWaited, unrequestedResponse: vi.fn() },
      },
    );
    const [first, second] = [await openRaw(port), await openRaw(port)];
    first.write(get());
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    second.write(get());
    waiting[0]!();
    await first.answer();
    await vi.waitFor(() => expect(waiting).toHaveLength(2));
    waiting[1]!();
    expect((await second.answer()).status).toBe(200);
    expect(upstreamWaited.mock.calls).toEqual([['service', expect.any(Number)]]);
    expect(upstreamWaited.mock.calls[0]![1]).toBeGreaterThan(0);
  });

  it('does not count a request that is refused because it would have to wait', async () => {
    const upstreamWaited = vi.fn();
    const { port, shedder, upstreams, records } = await start(
      { answer: () => new Promise(() => {}) },
      {
        limits: { eventLoopLagMs: 500 },
        upstream: { connections: 1, requestsPerClient: 64 },
        events: { upstreamHealth: vi.fn(), upstreamWaited, unrequestedResponse: vi.fn() },
      },
    );
    const clients = await Promise.all(Array.from({ length: 10 }, () => openRaw(port)));
    for (const client of clients.slice(0, 2)) client.write(get());
    await vi.waitFor(() => expect(upstreams.backlogMs(performance.now())).toBeGreaterThan(20));
    for (let i = 0; i < 10; i += 1) shedder.sample(490, 1);
    for (const client of clients.slice(2)) client.write(get());
    await vi.waitFor(() => expect(records.map(({ reason }) => reason)).toContain('overloaded'));
    expect(upstreamWaited).not.toHaveBeenCalled();
    for (const client of clients) client.destroy();
  });

  it('reads little ahead', async () => {
    const { port, proxy } = await start({ answer: () => new Promise(() => {}) });
    const client = await openRaw(port);
    client.write(get());
    await vi.waitFor(() => expect(proxy.inFlight).toBe(1));
    const flood = Buffer.alloc(1_000_000, 'x');
    for (let i = 0; i < 64; i += 1) client.socket.write(flood);
    await vi.waitFor(() => expect(client.socket.writableLength).toBeGreaterThan(32_000_000));
    client.destroy();
  });

  it('ends after its idle timeout', async () => {
    const { port } = await start({}, { limits: { keepAliveTimeoutMs: 50 } });
    const client = await openRaw(port);
    client.write(get());
    expect((await client.answer()).header('keep-alive')).toBeUndefined();
    expect(await client.closed()).toBe('end');
  });

  it('leaves nothing behind', async () => {
    const { port, proxy, wheel } = await start();
    const client = await openRaw(port);
    client.write(get());
    await client.answer();
    expect([proxy.connections(), proxy.inFlight]).toEqual([1, 0]);
    client.destroy();
    await vi.waitFor(() => expect([proxy.connections(), wheel.size]).toEqual([0, 0]));
  });
});
