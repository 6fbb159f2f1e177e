/**
 * Responses held back until other replicas have dropped their cached verdicts: once released they are ordinary
 * responses, and a truncated one is never followed by a second response.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openRaw } from '../support/raw-client.ts';
import { startProxy } from '../support/running-proxy.ts';

/** A service that sends `response`, behind a proxy that holds it back until `release`. */
async function start(response: string) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.once('data', () => socket.write(response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { promise, resolve: release } = Promise.withResolvers<void>();
  const evict = vi.fn(() => promise);
  const proxy = await startProxy({
    targets: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`],
    route: { evict: [] },
    runtime: (runtime) => ({ ...runtime, evictions: { ...runtime.evictions, evict } }),
  });
  const client = await openRaw(proxy.port);
  onTestFinished(async () => {
    client.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
    await proxy.close();
  });
  client.write('GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n');
  await vi.waitFor(() => expect(evict).toHaveBeenCalledOnce());
  expect(client.unread().length).toBe(0);
  return { proxy, client, release, service: sockets[0]! };
}

test('a complete one is recorded with its status', async () => {
  const { proxy, client, release } = await start('HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello');
  release();
  expect((await client.answer()).status).toBe(201);
  await vi.waitFor(() => expect(proxy.records.map(({ status }) => status)).toEqual([201]));
});

test.each([
  ['by its length', 'Content-Length: 600\r\n\r\nhello'],
  ['with chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
])('one framed %s that breaks off after its release is aborted, without a refusal inside it', async (_, rest) => {
  const { proxy, client, release, service } = await start(`HTTP/1.1 200 OK\r\n${rest}`);
  release();
  await vi.waitFor(() => expect(client.unread().toString()).toContain('hello'));
  service.resetAndDestroy();
  await client.closed();
  expect(client.unread().toString()).not.toContain('x-error');
  await vi.waitFor(() => expect(proxy.records).toMatchObject([{ status: 200, cut: true }]));
});
