/**
 * A service that ends its connection in the same turn of the event loop in which the gateway writes to it. The client's bytes arrive
 * first, so the write meets a connection that is closed already.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openRaw } from '../../support/raw-client.ts';
import { startProxy } from '../../support/running-proxy.ts';

interface Received {
  readonly socket: Socket;
  text: string;
}

async function startService(): Promise<{ origin: string; connections: Received[] }> {
  const connections: Received[] = [];
  const server = createServer((socket) => {
    const received: Received = { socket, text: '' };
    connections.push(received);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      received.text += bytes.toString('latin1');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections };
}

async function startWorld() {
  const service = await startService();
  const proxy = await startProxy({ targets: [service.origin] });
  onTestFinished(proxy.close);
  const open = async () => {
    const client = await openRaw(proxy.port);
    onTestFinished(client.destroy);
    return client;
  };
  return { service, open };
}

const head = (bytes: number) => `POST /pay HTTP/1.1\r\nhost: a.test\r\ncontent-length: ${bytes}\r\n\r\n`;
const respond = (body: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
/** Requests that the service has received, on any connection. */
const requests = (connections: readonly Received[]) =>
  connections.reduce((sum, { text }) => sum + text.split('POST /pay').length - 1, 0);

test.each([
  ['without a response', ''],
  ['after an early response', 'HTTP/1.1 413 Content Too Large\r\ncontent-length: 5\r\n\r\nearly'],
])('an upload that is reset with its last part is not sent again: %s', async (_, early) => {
  const { service, open } = await startWorld();
  const client = await open();
  client.write(head(71_000) + 'a'.repeat(70_000));
  await vi.waitFor(() => expect(service.connections[0]?.text).toContain('a'.repeat(70_000)));
  const { socket } = service.connections[0]!;
  client.write('b'.repeat(1_000));
  if (early !== '') socket.write(early);
  socket.resetAndDestroy();
  const { status } = await client.answer('POST');
  expect([413, 502]).toContain(status);
  // A second attempt would have been made by now: the next request comes after it.
  const next = await open();
  next.write('GET /next HTTP/1.1\r\nhost: a.test\r\n\r\n');
  await vi.waitFor(() => expect(service.connections.some(({ text }) => text.includes('GET /next'))).toBe(true));
  expect(requests(service.connections)).toBe(1);
});

test('an upload of which nothing was written does not get what waits on the connection', async () => {
  const { service, open } = await startWorld();
  const [first, second] = [await open(), await open()];
  first.write(head(200_000) + 'a'.repeat(200_000));
  await vi.waitFor(() => expect(service.connections[0]?.text).toContain('a'.repeat(200_000)));
  const { socket } = service.connections[0]!;
  socket.write(respond('for the first'));
  expect((await first.answer('POST')).body.toString()).toBe('for the first');
  second.write(head(200_000) + 'b'.repeat(200_000));
  socket.write(respond('a secret of the first'));
  socket.resetAndDestroy();
  const answer = await Promise.race([
    second.answer('POST'),
    // It may also be sent on another connection.
    vi.waitFor(() => {
      expect(service.connections[1]?.text).toContain('b'.repeat(200_000));
      return null;
    }),
  ]);
  if (answer !== null) {
    expect(answer.status).toBe(502);
    expect(answer.body.toString()).not.toContain('secret');
  }
});
