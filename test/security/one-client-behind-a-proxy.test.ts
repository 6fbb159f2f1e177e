/**
 * Behind a proxy that specifies its clients, one of them gets no more memory for bodies than it would without the
 * proxy.
 */
import { afterEach, expect, test, vi } from 'vitest';
import { openRaw, sendRaw } from '../support/raw-client.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { startProxy } from '../support/running-proxy.ts';

const running: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of running.splice(0).reverse()) await close();
});

const post = (address: string, length: number, body: string) =>
  `POST / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${address}\r\nContent-Length: ${length}\r\n\r\n${body}`;

test('it is refused at its share, and others are not', async () => {
  const upstream = await startRecordingUpstream();
  running.push(() => upstream.close());
  const proxy = await startProxy({
    targets: [upstream.origin],
    limits: { bodyMemoryBytes: 40_000 },
    trustedProxies: (address) => address === '127.0.0.1',
  });
  running.push(() => proxy.close());
  const slow = await openRaw(proxy.port);
  running.push(() => slow.destroy());
  slow.write(post('203.0.113.1', 50_000, 'x'.repeat(10_000)));
  await vi.waitFor(() => expect(proxy.proxy.load().bufferedBytes).toBe(10_000));
  expect((await sendRaw(proxy.port, post('203.0.113.1', 4, 'abcd'))).status).toBe(429);
  expect((await sendRaw(proxy.port, post('203.0.113.2', 4, 'abcd'))).status).toBe(200);
});

test("control: where the proxy's clients are not distinguished, one of them blocks all others", async () => {
  const upstream = await startRecordingUpstream();
  running.push(() => upstream.close());
  const proxy = await startProxy({ targets: [upstream.origin], limits: { bodyMemoryBytes: 40_000 } });
  running.push(() => proxy.close());
  const slow = await openRaw(proxy.port);
  running.push(() => slow.destroy());
  slow.write(post('203.0.113.1', 50_000, 'x'.repeat(10_000)));
  await vi.waitFor(() => expect(proxy.proxy.load().bufferedBytes).toBe(10_000));
  expect((await sendRaw(proxy.port, post('203.0.113.2', 4, 'abcd'))).status).toBe(429);
  expect(upstream.requests).toEqual([]);
});

test('control: a client with more than a share takes all of the memory', async () => {
  const upstream = await startRecordingUpstream();
  running.push(() => upstream.close());
  const proxy = await startProxy({
    targets: [upstream.origin],
    limits: { bodyMemoryBytes: 40_000 },
    // It is its own proxy and chooses any address, so the share per address does not limit it.
    trustedProxies: () => true,
  });
  running.push(() => proxy.close());
  for (let named = 1; named <= 4; named += 1) {
    const slow = await openRaw(proxy.port);
    running.push(() => slow.destroy());
    slow.write(post(`203.0.113.${named}`, 50_000, 'x'.repeat(10_000)));
    await vi.waitFor(() => expect(proxy.proxy.load().bufferedBytes).toBe(10_000 * named));
  }
  expect((await sendRaw(proxy.port, post('198.51.100.1', 4, 'abcd'))).status).toBe(503);
  expect(upstream.requests).toEqual([]);
});

test('a request whose body arrives slowly outlives the configuration that decided it', async () => {
  const upstream = await startRecordingUpstream();
  running.push(() => upstream.close());
  const proxy = await startProxy({ targets: [upstream.origin] });
  running.push(() => proxy.close());
  const slow = await openRaw(proxy.port);
  running.push(() => slow.destroy());
  slow.write(post('203.0.113.1', 10, 'hello'));
  await vi.waitFor(() => expect(proxy.proxy.load().bufferedBytes).toBe(5));
  // As a reload does with the upstreams of the old configuration, a while later.
  await proxy.upstreams.close();
  slow.write('world');
  const answer = await slow.answer('POST');
  expect([answer.status, upstream.last().body.toString()]).toEqual([200, 'helloworld']);
});
