/**
 * Clients that send or read slowly: as long as no other request waits for the connection that they hold, they are not hurried; otherwise
 * they must keep the minimum rate. Bodies of unknown length that trickle in are handed on, outside of the pool.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startWithAddresses } from '../../support/addressed-clients.ts';
import { useProxiedUpstream } from '../../support/closed-after-each.ts';
import { openRaw, type RawConnection, sendRaw } from '../../support/raw-client.ts';

const get = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n';
const chunked = 'POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

async function open(port: number): Promise<RawConnection> {
  const client = await openRaw(port);
  onTestFinished(() => client.destroy());
  return client;
}

describe('a body of unknown length that does not end', () => {
  const start = useProxiedUpstream();

  it('reaches the service as it arrives', async () => {
    const { port, upstream, proxy } = await start();
    const client = await open(port);
    for (const [chunk, received] of [
      ['3\r\none\r\n', 'one'],
      ['3\r\ntwo\r\n', 'onetwo'],
    ] as const) {
      client.write(upstream.requests.length === 0 ? chunked + chunk : chunk);
      await vi.waitFor(() => expect(upstream.requests[0]?.body.toString()).toBe(received));
    }
    expect(upstream.last().complete).toBe(false);
    expect(proxy.proxy.load()).toMatchObject({ bufferedBytes: 0, upstreams: [{ inFlight: 0, streams: 1 }] });
    client.write('0\r\n\r\n');
    expect((await client.answer('POST')).status).toBe(200);
    expect(upstream.last().complete).toBe(true);
    await vi.waitFor(() => expect(proxy.proxy.load().upstreams).toMatchObject([{ inFlight: 0, streams: 0 }]));
  });

  it('is sent with its length if it ends at once', async () => {
    const { port, upstream } = await start();
    expect((await sendRaw(port, `${chunked}3\r\none\r\n0\r\n\r\n`)).status).toBe(200);
    expect(upstream.last().header('content-length')).toEqual(['3']);
  });

  it('occupies no connection of the pool, however many clients send one; beyond the bound it is held', async () => {
    const { port, proxy, upstream } = await start({
      upstream: { connections: 8, requestsPerClient: 8, streams: 100, streamsPerClient: 100 },
    });
    const clients: RawConnection[] = [];
    for (let i = 0; i < 40; i += 1) {
      const client = await open(port);
      client.write(`${chunked}1\r\nx\r\n`);
      clients.push(client);
    }
    await vi.waitFor(() =>
      expect(proxy.proxy.load()).toMatchObject({ bufferedBytes: 32, upstreams: [{ inFlight: 0, streams: 8 }] }),
    );
    expect((await sendRaw(port, get)).status).toBe(200);
    for (const client of clients) client.write('0\r\n\r\n');
    for (const client of clients) expect((await client.answer('POST')).status).toBe(200);
    expect(upstream.requests.filter(({ method }) => method === 'POST')).toHaveLength(40);
    await vi.waitFor(() => expect(proxy.proxy.load().upstreams).toMatchObject([{ inFlight: 0, streams: 0 }]));
  });

  it.each([
    ['as many as other requests of the client', { requestsPerClient: 2, streams: 100, streamsPerClient: 100 }, 2],
    ['as many as responses that stay open', { requestsPerClient: 4, streams: 3, streamsPerClient: 3 }, 3],
  ])('occupies its service while that works on it: %s', async (_, bounds, most) => {
    const setup = { upstream: { connections: 4, ...bounds } };
    const { port, proxy, upstream } = await start(setup, { answer: () => undefined });
    const clients: RawConnection[] = [];
    for (let i = 0; i < 20; i += 1) {
      const client = await open(port);
      client.write(`${chunked}1\r\nx\r\n`);
      clients.push(client);
    }
    await vi.waitFor(() => expect(proxy.proxy.load()).toMatchObject({ upstreams: [{ inFlight: 0, streams: most }] }));
    for (const client of clients) client.write('0\r\n\r\n');
    await vi.waitFor(() => expect(upstream.requests.length).toBeGreaterThanOrEqual(most));
    // Their bodies have ended. The others wait as ordinary requests do, so each bound holds by itself.
    const { inFlight, streams } = proxy.proxy.load().upstreams[0]!;
    expect(streams).toBe(most);
    expect(inFlight).toBeLessThanOrEqual(bounds.requestsPerClient);
  });

  it('reaches its service with its end, if the upstream buffers it', async () => {
    const { port, proxy, upstream } = await start({ upstream: { bufferChunkedBodies: true } });
    const clients: RawConnection[] = [];
    for (let i = 0; i < 4; i += 1) {
      const client = await open(port);
      client.write(`${chunked}1\r\nx\r\n`);
      clients.push(client);
    }
    await vi.waitFor(() => expect(proxy.proxy.load().bufferedBytes).toBe(4));
    // Control: another upstream gets a later body meanwhile.
    const other = await start();
    (await open(other.port)).write(`${chunked}1\r\nx\r\n`);
    await vi.waitFor(() => expect(other.upstream.requests[0]?.body.toString()).toBe('x'));
    expect((await sendRaw(port, get)).status).toBe(200);
    expect(upstream.requests.map(({ method }) => method)).toEqual(['GET']);
    for (const client of clients) client.write('0\r\n\r\n');
    for (const client of clients) expect((await client.answer('POST')).status).toBe(200);
    expect(upstream.last().header('content-length')).toEqual(['1']);
  });

  it('is passed on once the buffer is full, if the upstream buffers it', async () => {
    const { port, proxy, upstream } = await start({
      upstream: { bufferChunkedBodies: true },
      route: { bodyBufferBytes: 4 },
    });
    const client = await open(port);
    client.write(`${chunked}4\r\nfour\r\n`);
    await vi.waitFor(() => expect(upstream.requests[0]?.body.toString()).toBe('four'));
    expect(proxy.proxy.load()).toMatchObject({ bufferedBytes: 0, upstreams: [{ inFlight: 1, streams: 0 }] });
    client.write('0\r\n\r\n');
    expect((await client.answer('POST')).status).toBe(200);
  });

  it('is refused if its service cannot be reached', async () => {
    const { port } = await start({ targets: ['http://127.0.0.1:1'] });
    const client = await open(port);
    client.write(`${chunked}1\r\nx\r\n`);
    expect((await client.answer('POST')).status).toBe(502);
  });
});

describe('while another request waits for its connection', () => {
  const bounds = { connections: 2, requestsPerClient: 2, streams: 1, streamsPerClient: 1 };
  type World = Awaited<ReturnType<typeof startWithAddresses>>;

  /** Requests of slow clients, two of which hold the pool, in two worlds; in one of them, another request waits. */
  async function compare(slow: readonly string[], begin: (world: World, address: string) => Socket) {
    const world = await startWithAddresses({ ...bounds, queue: { length: 10, waitMs: 20_000 } });
    const quiet = await startWithAddresses({ ...bounds, queue: { length: 10, waitMs: 20_000 } });
    const undisturbed = slow.map((address) => begin(quiet, address));
    for (const address of slow) begin(world, address);
    for (const { load } of [world, quiet]) await vi.waitFor(() => expect(load().inFlight).toBe(2));
    expect(await world.page('127.0.0.4')).toMatchObject({ statusCode: 200 });
    return { records: world.proxy.records, quiet, undisturbed };
  }

  it('a client that does not read its download is disconnected; otherwise it gets all of it', async () => {
    const { records, quiet, undisturbed } = await compare(
      ['127.0.0.2', '127.0.0.3', '127.0.0.5'],
      ({ send }, address) => send(address, '/download'),
    );
    expect(records[0]).toMatchObject({ reason: 'request_timeout', aborted: true, cut: true });
    expect(quiet.proxy.records).toHaveLength(0);
    for (const socket of undisturbed) {
      let received = 0;
      socket.resume().on('data', (bytes) => {
        received += bytes.length;
      });
      await vi.waitFor(() => expect(received).toBeGreaterThan(24_000_000));
    }
  }, 40_000);

  it('a client that does not send its upload is refused; otherwise it may continue', async () => {
    const part = 'x'.repeat(100_000);
    const { records, quiet, undisturbed } = await compare(['127.0.0.2', '127.0.0.3'], ({ send }, address) =>
      send(address, '/upload', 'POST', `Content-Length: 200000\r\n\r\n${part}`),
    );
    expect(records[0]).toMatchObject({ reason: 'request_timeout', status: 408 });
    expect(quiet.proxy.records).toHaveLength(0);
    for (const socket of undisturbed) {
      socket.write(part);
      const [bytes] = await once(socket.resume(), 'data');
      expect(bytes.toString()).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    }
  }, 40_000);
});
