/** A client whose access ended in the middle of an endless frame, and whose service does not read: nothing piles up. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { ann, goodToken, startProxy } from '../integration/forwarding-support.ts';

const running: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of running.splice(0).reverse()) await close();
});

const accept = [
  'HTTP/1.1 101 Switching Protocols',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
  '\r\n',
].join('\r\n');
const handshake = [
  'GET /chat HTTP/1.1',
  'Host: a',
  `Authorization: Bearer ${goodToken}`,
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n');
/** The beginning of a binary frame of 2^40 bytes. */
const endless = Buffer.from([0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
const enough = 96 * 1024 * 1024;

test('its bytes wait with the client', async () => {
  const sockets: Socket[] = [];
  const service = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(accept);
      socket.pause();
    });
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  running.push(() => {
    for (const socket of sockets) socket.destroy();
    service.close();
  });
  const { port } = service.address() as AddressInfo;
  const identity = { ...ann, expireAtMs: Date.now() + 300 };
  const proxy = await startProxy({
    targets: [`http://127.0.0.1:${port}`],
    access: ['user'],
    resolve: () => ({ identity, reason: null, stale: false, source: 'memory' }),
  });
  running.push(() => proxy.close());
  // It goes on sending, whatever it is told.
  const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  running.push(() => client.destroy());
  client.on('error', () => {});
  const { promise: over, resolve: isOver } = Promise.withResolvers<void>();
  client.on('close', () => isOver());
  client.write(handshake);
  expect(String((await once(client, 'data'))[0])).toMatch(/^HTTP\/1\.1 101 /);
  client.resume();
  client.write(endless);
  await vi.waitFor(() => expect(proxy.proxy.load().rechecks.ended).toBe(1));
  const part = Buffer.alloc(1024 * 1024);
  let taken = 0;
  const flood = () => {
    client.write(part, (error) => {
      if (error) return;
      taken += part.length;
      if (taken < enough) flood();
      else isOver();
    });
  };
  flood();
  await over;
  expect(taken).toBeLessThan(enough / 2);
  await vi.waitFor(() => expect(proxy.records).toHaveLength(1));
});
