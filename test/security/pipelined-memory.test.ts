/**
 * Clients that send request after request without waiting and without reading: requests on one connection are served
 * one at a time, and waiting bytes are bounded and counted (the family of CVE-2024-22019).
 */
import { createServer } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { openRaw, sendRaw } from '../support/raw-client.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { startProxy } from '../support/running-proxy.ts';
import { startNodeServer } from './support/node-server.ts';
import { get, unreadingClients } from './support/unreading-clients.ts';

const { sockets, running, open } = unreadingClients();
const bodyBytes = 60_000;
const headerBytes = 16 * 1024;
/** The system reads up to this much at once. */
const readBytes = 64 * 1024;

async function start(limits: { bodyMemoryBytes: number }, answer: () => Promise<{ body: Buffer }>) {
  const upstream = await startRecordingUpstream({ answer });
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin], limits, route: { timeoutMs: 3_000 } });
  running.push(proxy);
  return { upstream, proxy };
}

const never = () => new Promise<never>(() => {});
const large = async () => ({ body: Buffer.alloc(bodyBytes) });

test('nothing starts after a hanging request, and waiting bytes are bounded per connection', async () => {
  const { upstream, proxy } = await start({ bodyMemoryBytes: 64_000_000 }, never);
  for (let i = 0; i < 8; i += 1) open(proxy.port).write(get.repeat(20_000));
  await vi.waitFor(() => expect(upstream.requests.length).toBe(8));
  await vi.waitFor(() => expect(proxy.proxy.load().bufferedBytes).toBeGreaterThan(0));
  expect(proxy.proxy.inFlight).toBe(8);
  expect(proxy.proxy.load().bufferedBytes).toBeLessThanOrEqual(8 * (headerBytes + readBytes));
  for (const socket of sockets) socket.destroy();
  // Nothing is read from a connection that has sent too much, so its end shows only at the route's timeout.
  await vi.waitFor(() => expect(proxy.proxy.load().bufferedBytes).toBe(0), 8_000);
});

test('one client gets a quarter of the memory for waiting bytes, and further connections of it end after their response', async () => {
  const released = Promise.withResolvers<{ body: Buffer }>();
  const { upstream, proxy } = await start({ bodyMemoryBytes: 400_000 }, () => released.promise);
  const clients = await Promise.all(Array.from({ length: 8 }, () => openRaw(proxy.port)));
  for (const client of clients) client.write(get.repeat(2_000));
  await vi.waitFor(() => expect(upstream.requests.length).toBe(8));
  expect(proxy.proxy.load().bufferedBytes).toBeLessThanOrEqual(100_000);
  released.resolve({ body: Buffer.from('ok') });
  const answers = await Promise.all(clients.map((client) => client.answer()));
  expect(answers.map(({ status }) => status)).toEqual(clients.map(() => 200));
  expect(answers.filter((answer) => answer.header('connection') === 'close').length).toBeGreaterThan(0);
  for (const client of clients) client.destroy();
});

describe('bytes after a request without memory for them', () => {
  /** The gateway has read `bytes`, and could not keep them. */
  async function lost(first: string, bytes: string) {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const tunneled: Buffer[] = [];
    const upstream = await startRecordingUpstream({
      answer: async ({ target }) => {
        reached.resolve();
        if (target === '/first') await released.promise;
        return { body: target };
      },
      onUpgrade: async (_request, socket) => {
        socket.on('error', () => {});
        socket.on('data', (got) => tunneled.push(got));
        reached.resolve();
        await released.promise;
        socket.write(
          'HTTP/1.1 101 Fine\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
        );
      },
    });
    running.push(upstream);
    const proxy = await startProxy({ targets: [upstream.origin], limits: { bodyMemoryBytes: 4_000 } });
    running.push(proxy);
    const client = await openRaw(proxy.port);
    client.write(`GET /first HTTP/1.1\r\nHost: a\r\n${first}\r\n`);
    await reached.promise;
    client.write(bytes);
    // What is served after it shows that it was read.
    await sendRaw(proxy.port, 'GET /other HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    return { client, upstream, proxy, tunneled, released };
  }

  test('end the connection with the response: nothing after the gap is parsed as a request', async () => {
    const post = `POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n${'x'.repeat(2_000)}`;
    const { client, upstream, released } = await lost('', post);
    client.write('GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n');
    released.resolve();
    const answer = await client.answer();
    expect([answer.status, answer.text(), answer.header('connection')]).toEqual([200, '/first', 'close']);
    await client.closed();
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/first', '/other']);
    client.destroy();
  });

  test('never become a tunnel with a gap', async () => {
    const upgrade =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    const { client, proxy, tunneled, released } = await lost(upgrade, 'x'.repeat(2_000));
    client.write('behind the gap');
    released.resolve();
    await client.closed();
    await vi.waitFor(() => expect(proxy.proxy.inFlight).toBe(0));
    expect(Buffer.concat(tunneled).toString()).toBe('');
    client.destroy();
  });
});

test('a client that does not read is served no further request, and occupies one response at most', async () => {
  const { upstream, proxy } = await start({ bodyMemoryBytes: 64_000_000 }, large);
  const socket = open(proxy.port);
  socket.write(get.repeat(1_000));
  // Until the system's buffers are full, responses are accepted.
  let seen = -1;
  await vi.waitFor(
    () => {
      const before = seen;
      seen = upstream.requests.length;
      expect(seen).toBe(before);
    },
    { interval: 200, timeout: 10_000 },
  );
  expect(seen).toBeLessThan(1_000);
  expect(proxy.proxy.inFlight).toBe(1);
});

test('control: Node starts all of them at once', async () => {
  let begun = 0;
  const naive = await startNodeServer(
    createServer(() => {
      begun += 1;
    }),
  );
  running.push(naive);
  open(naive.port).write(get.repeat(2_000));
  await vi.waitFor(() => expect(begun).toBeGreaterThan(1_000), 5_000);
});

test('unsafe requests do not overlap: RFC 9112 section 9.3.2', async () => {
  let running = 0;
  const order: string[] = [];
  const upstream = await startRecordingUpstream({
    answer: async ({ method }) => {
      running += 1;
      order.push(`${method} ${running}`);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return { body: method };
    },
  });
  const proxy = await startProxy({ targets: [upstream.origin] });
  const client = await openRaw(proxy.port);
  const of = (method: string) => `${method} /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi`;
  client.write(of('PUT') + of('DELETE') + of('PUT'));
  for (const method of ['PUT', 'DELETE', 'PUT']) expect((await client.answer(method)).text()).toBe(method);
  expect(order).toEqual(['PUT 1', 'DELETE 1', 'PUT 1']);
  client.destroy();
  await proxy.close();
  await upstream.close();
});

test('a client that reads gets all of its responses, and nothing is buffered for it afterwards', async () => {
  const { proxy } = await start({ bodyMemoryBytes: 20_000_000 }, large);
  const client = await openRaw(proxy.port);
  for (let round = 0; round < 3; round += 1) {
    client.write(get.repeat(100));
    for (let i = 0; i < 100; i += 1) expect((await client.answer()).body.length).toBe(bodyBytes);
  }
  await vi.waitFor(() => expect(proxy.proxy.load().bufferedBytes).toBe(0));
  client.destroy();
});
