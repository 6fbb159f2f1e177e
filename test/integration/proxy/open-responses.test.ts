/**
 * Responses that stay open, such as event streams, do not occupy the pool of a service or a client's share of it. They have a bound of
 * their own.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { repeat, startWithAddresses } from '../../support/addressed-clients.ts';

describe('event streams', () => {
  test('150 of one address are open, and a page beside them takes milliseconds', async () => {
    const { subscribe, page, load } = await startWithAddresses();
    const opened = await Promise.all(repeat(150, () => subscribe('127.0.0.2')));
    expect(opened.filter((state) => state === 'open')).toHaveLength(150);
    expect(load()).toMatchObject({ inFlight: 0, waiting: 0, streams: 150 });
    for (const address of ['127.0.0.2', '127.0.0.3']) {
      const { statusCode, ms } = await page(address);
      expect([statusCode, ms < 500]).toEqual([200, true]);
    }
  });

  test('90 of each of three addresses are open, and a page beside them takes milliseconds', async () => {
    const { subscribe, page, load } = await startWithAddresses();
    const addresses = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
    const opened = await Promise.all(addresses.flatMap((address) => repeat(90, () => subscribe(address))));
    expect(opened.filter((state) => state === 'open')).toHaveLength(270);
    expect(load()).toMatchObject({ inFlight: 0, waiting: 0, streams: 270 });
    for (const address of [...addresses, '127.0.0.5']) {
      const { statusCode, ms } = await page(address);
      expect([statusCode, ms < 500]).toEqual([200, true]);
    }
  });

  test('beyond the bounds of one client and of all are refused, without a place of ordinary requests', async () => {
    const { subscribe, page, load, open } = await startWithAddresses({ streams: 4, streamsPerClient: 2 });
    for (let i = 0; i < 2; i += 1) expect(await subscribe('127.0.0.2')).toBe('open');
    expect(await page('127.0.0.2', '/events')).toMatchObject({ statusCode: 429, code: 'client_busy' });
    for (const address of ['127.0.0.3', '127.0.0.4']) expect(await subscribe(address)).toBe('open');
    expect(await page('127.0.0.5', '/events')).toMatchObject({ statusCode: 503, code: 'upstream_busy' });
    expect(load()).toMatchObject({ inFlight: 0, waiting: 0, streams: 4 });
    expect((await page('127.0.0.2')).statusCode).toBe(200);
    // The places of those that end are free again.
    for (const response of open) response.end();
    await vi.waitFor(() => expect(load().streams).toBe(0));
    expect(await subscribe('127.0.0.2')).toBe('open');
  });

  test('HEAD of one is an ordinary request', async () => {
    const { proxy, load } = await startWithAddresses({ streams: 1, streamsPerClient: 1 });
    const socket = connect(proxy.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write('HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n');
    const [bytes] = await once(socket, 'data');
    expect(bytes.toString()).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(load().streams).toBe(0);
  });
});

describe('any response', () => {
  test('that is open for a second leaves the pool, and its connection is closed at its end', async () => {
    const { send, page, load, open } = await startWithAddresses({ connections: 2, requestsPerClient: 2 });
    for (const address of ['127.0.0.2', '127.0.0.3']) send(address, '/open');
    await vi.waitFor(() => expect(open).toHaveLength(2));
    expect(load()).toMatchObject({ inFlight: 2, streams: 0 });
    await vi.waitFor(() => expect(load()).toMatchObject({ inFlight: 0, streams: 2 }), 5_000);
    expect((await page('127.0.0.4')).statusCode).toBe(200);
    const closed = open.map(({ socket }) => once(socket!, 'close'));
    for (const response of open) response.end('over');
    await Promise.all(closed);
    await vi.waitFor(() => expect(load()).toMatchObject({ inFlight: 0, streams: 0 }));
  });

  test('beyond the bound keeps its connection of the pool', async () => {
    const { send, load, open } = await startWithAddresses({ streams: 1, streamsPerClient: 1 });
    for (const address of ['127.0.0.2', '127.0.0.3']) send(address, '/open');
    await vi.waitFor(() => expect(load()).toMatchObject({ inFlight: 1, streams: 1 }), 5_000);
    for (const response of open) response.end('over');
    await vi.waitFor(() => expect(load()).toMatchObject({ inFlight: 0, streams: 0 }));
  });

  test('control: slow requests without a response are limited as before', async () => {
    const { send, page, load } = await startWithAddresses({ queue: { length: 1000, waitMs: 1_500 } });
    for (let i = 0; i < 200; i += 1) send('127.0.0.2', '/held');
    await vi.waitFor(() => expect(load()).toMatchObject({ inFlight: 128, waiting: 72, streams: 0 }));
    expect(await page('127.0.0.2')).toMatchObject({ statusCode: 429, code: 'client_busy' });
    expect(load().streams).toBe(0);
    expect((await page('127.0.0.3')).statusCode).toBe(200);
  });
});

describe('downloads that are not read', () => {
  /** A quarter of the defaults; `test/e2e/unread-downloads.test.ts` uses all. */
  const bounds = { connections: 64, requestsPerClient: 32 };
  const noStreams = { streams: 1, streamsPerClient: 1, queue: { length: 1000, waitMs: 2_000 } };

  test.each([
    ['while they are in the pool', noStreams, 47],
    ['after they have left it', {}, 64],
  ])('of two addresses do not delay a third one: %s', { timeout: 60_000 }, async (_, upstream, held) => {
    const { proxy, send, page, load } = await startWithAddresses({ ...bounds, ...upstream });
    for (const address of ['127.0.0.2', '127.0.0.3']) for (let i = 0; i < 32; i += 1) send(address, '/download');
    // Nothing is moving any more: each is either held or refused.
    await vi.waitFor(() => {
      const { inFlight, waiting, streams } = load();
      expect([inFlight + streams + proxy.records.length, waiting]).toEqual([64, 0]);
      expect(upstream === noStreams ? inFlight : streams).toBeGreaterThanOrEqual(held);
    }, 30_000);
    const { statusCode, ms } = await page('127.0.0.4');
    expect([statusCode, ms < 1_000]).toEqual([200, true]);
  });

  test('control: without shares and a minimum rate they hold every connection', { timeout: 60_000 }, async () => {
    const unbounded = { ...bounds, ...noStreams, requestsPerClient: 100_000 };
    const { send, page, load } = await startWithAddresses(unbounded, { bodyRate: 0 });
    for (let i = 0; i < 65; i += 1) send('127.0.0.2', '/download');
    await vi.waitFor(() => expect(load()).toMatchObject({ inFlight: 64, streams: 1 }), 30_000);
    expect(await page('127.0.0.4')).toMatchObject({ statusCode: 503, code: 'upstream_busy' });
  });
});
