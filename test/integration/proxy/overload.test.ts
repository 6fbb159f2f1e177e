/** What a process that falls behind refuses, and that a slow service is not mistaken for it. */
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { block } from '../../support/blocked-loop.ts';
import { useProxiedUpstream } from '../../support/closed-after-each.ts';
import { openRaw, type RawConnection, sendRaw } from '../../support/raw-client.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startGateway } from '../../support/running-gateway.ts';

const start = useProxiedUpstream();
const clients: RawConnection[] = [];
// Before the proxy closes, in reverse order.
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

async function open(port: number): Promise<RawConnection> {
  const client = await openRaw(port);
  clients.push(client);
  return client;
}

const get = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n';

/** Requests of many connections to a service with one, which ask again as soon as they have a response. */
async function crowd(port: number, going: () => boolean): Promise<void> {
  const ask = async (client: RawConnection) => {
    while (going()) {
      client.write(get);
      await client.answer();
    }
  };
  for (let i = 0; i < 30; i += 1) void ask(await open(port)).catch(() => {});
}

describe('an overloaded process', () => {
  it('refuses a share of requests before deciding them, until it has caught up', async () => {
    const { port, proxy, upstream } = await start({ limits: { eventLoopLagMs: 40 }, access: 'authenticated' });
    const client = await open(port);
    const unblock = block(200);
    try {
      await vi.waitFor(() => expect(proxy.shedder.share).toBeGreaterThan(0.5), 8_000);
      client.write(get.repeat(10));
      await client.answer();
    } finally {
      unblock();
    }
    await vi.waitFor(() => expect(proxy.records.length).toBe(10), 5_000);
    const shed = proxy.records.filter(({ reason }) => reason === 'overloaded');
    expect(shed.length).toBeGreaterThan(3);
    expect(shed.every(({ decision, status }) => decision === null && status === 503)).toBe(true);
    await vi.waitFor(() => expect(proxy.shedder.share).toBe(0), 8_000);
    expect((await sendRaw(port, get)).status).toBe(401);
    expect(upstream.requests).toHaveLength(0);
  }, 30_000);

  it('refuses requests itself, when it is late to collect the responses of a fast service', async () => {
    const { port, proxy } = await start({
      limits: { eventLoopLagMs: 500 },
      upstream: { connections: 1, requestsPerClient: 1_000, queue: { length: 100, waitMs: 20_000 } },
    });
    let going = true;
    onTestFinished(() => {
      going = false;
    });
    await crowd(port, () => going);
    const unblock = block(60);
    await vi.waitFor(() => expect(proxy.shedder.share).toBeGreaterThan(0), 20_000);
    await vi.waitFor(() => expect(proxy.records.some(({ reason }) => reason === 'overloaded')).toBe(true), 20_000);
    // The event loop alone would not have shown it.
    expect(proxy.shedder.lagMs).toBeLessThan(500);
    unblock();
    await vi.waitFor(() => expect(proxy.shedder.share).toBe(0), 20_000);
  }, 60_000);

  it('control: refuses nothing itself, when the service is slow', async () => {
    const { port, proxy } = await start(
      {
        limits: { eventLoopLagMs: 500 },
        upstream: { connections: 1, requestsPerClient: 1_000, queue: { length: 100, waitMs: 1_500 } },
      },
      { answer: () => new Promise((resolve) => setTimeout(resolve, 800, { body: 'late' })) },
    );
    let going = true;
    onTestFinished(() => {
      going = false;
    });
    await crowd(port, () => going);
    await vi.waitFor(() => expect(proxy.records.some(({ reason }) => reason === 'upstream_busy')).toBe(true), 20_000);
    expect(proxy.shedder.share).toBe(0);
    expect(proxy.records.some(({ reason }) => reason === 'overloaded')).toBe(false);
  }, 60_000);

  it('refuses no requests for a fast service because those for a slow one wait', async () => {
    const [slow, fast] = await Promise.all([
      startRecordingUpstream({ answer: () => new Promise((resolve) => setTimeout(resolve, 800, { body: 'late' })) }),
      startRecordingUpstream(),
    ]);
    const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false, limits: { eventLoopLag: 500ms } }
authApi: { url: "http://127.0.0.1:9" }
upstreams:
  slow: { targets: ["${slow.origin}"], connections: 1, requestsPerClient: 1000, queue: { length: 100, wait: 20s } }
  fast: { targets: ["${fast.origin}"] }
routes:
  - { id: slow, match: { path: /a }, upstream: slow, access: public }
  - { id: fast, match: { path: /fast }, upstream: fast, access: public }
log: { level: info }
`);
    onTestFinished(async () => void (await Promise.all([gateway.close(), slow.close(), fast.close()])));
    let going = true;
    onTestFinished(() => {
      going = false;
    });
    await crowd(gateway.port, () => going);
    const unblock = block(60);
    const client = await open(gateway.port);
    const statuses = new Set<unknown>();
    await vi.waitFor(async () => {
      client.write(get.replace('/a', '/fast'));
      statuses.add((await client.answer()).status);
      const shed = gateway.logLines().filter(({ reason }) => reason === 'overloaded');
      expect(shed.length).toBeGreaterThan(20);
    }, 30_000);
    unblock();
    expect([...statuses]).toEqual([200]);
  }, 60_000);
});
