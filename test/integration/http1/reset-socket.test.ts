/** A reset connection is gone, whatever its state: no socket is left behind. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { resetSocket } from '../../../src/http1/reset-socket.ts';

const running: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of running.splice(0).reverse()) await close();
});

/** Both ends of one connection. */
async function pair(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.push(() => server.close());
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  for (const socket of [near, far]) {
    socket.on('error', () => {});
    running.push(() => socket.destroy());
  }
  if (near.connecting) await once(near, 'connect');
  return { near, far };
}

test.each([
  ['in use', () => {}],
  ['with pending bytes', (socket: Socket) => void socket.write(Buffer.alloc(10_000_000))],
  ['after its end', (socket: Socket) => void socket.end()],
  ['after its end, with pending bytes', (socket: Socket) => void socket.end(Buffer.alloc(10_000_000))],
  ['gone', (socket: Socket) => void socket.destroy()],
])('a socket %s', async (_name, before) => {
  const { near, far } = await pair();
  const closed = vi.fn();
  near.once('close', closed);
  before(near);
  resetSocket(near);
  await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
  far.resume();
  await vi.waitFor(() => expect(far.closed).toBe(true));
});
