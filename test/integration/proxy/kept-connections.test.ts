/** A kept connection that breaks within its second response: a started response is never requested again. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { expect, it, vi } from 'vitest';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { openRaw } from '../../support/raw-client.ts';
import { startProxy } from '../../support/running-proxy.ts';

const running = closedAfterEach();

/** A service that responds to its first request, and aborts within every later response. */
async function startBreaking(part: string): Promise<{ origin: string; asked: string[] }> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      asked.push(bytes.toString('latin1').split(' ')[1] ?? '');
      if (asked.length === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole');
      else socket.write(part, 'latin1', () => socket.resetAndDestroy());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.push({
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

it.each([
  ['the status line', 'HTTP/1.1 20', 502],
  ['the headers', 'HTTP/1.1 200 OK\r\nX-A: b\r\n', 502],
  ['a body with a declared length', `HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(50_000)}`, 200],
  ['a body with chunks', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nc350\r\n${'x'.repeat(50_000)}\r\n`, 200],
])('within %s', async (_name, part, status) => {
  const { origin, asked } = await startBreaking(part);
  const proxy = await startProxy({ targets: [origin] });
  running.push(proxy);
  const client = await openRaw(proxy.port);
  client.write('GET /first HTTP/1.1\r\nHost: a\r\n\r\n');
  expect((await client.answer()).text()).toBe('whole');
  client.write('GET /second HTTP/1.1\r\nHost: a\r\n\r\n');
  await vi.waitFor(() => expect(proxy.records).toHaveLength(2));
  const text = () => client.unread().toString('latin1');
  if (status === 502) await vi.waitFor(() => expect(text()).toMatch(/^HTTP\/1\.1 502 /));
  // A part of the response may have been sent before the break, but never two heads.
  expect(text().split('HTTP/1.1 ').length).toBeLessThanOrEqual(2);
  expect(text()).not.toMatch(/\r\n0\r\n\r\n$/);
  expect(asked).toEqual(['/first', '/second']);
  client.destroy();
});
