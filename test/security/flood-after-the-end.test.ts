/**
 * A client whose access ended in the middle of an endless frame, and whose service does not read: its bytes do not
 * accumulate.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { ann, goodToken, startProxy } from '../support/running-proxy.ts';
import { handshake, switchingProtocols } from '../support/websocket-handshake.ts';
import { startNaiveGateway } from './support/naive-gateway.ts';

const running: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of running.splice(0).reverse()) await close();
});

/** The start of a binary frame of 2^40 bytes. */
const endless = Buffer.from([0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
const enough = 96 * 1024 * 1024;

/** A service that accepts the upgrade and then reads nothing. */
async function startDeafService(): Promise<number> {
  const sockets: Socket[] = [];
  const service = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(switchingProtocols);
      socket.pause();
    });
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  running.push(() => {
    for (const socket of sockets) socket.destroy();
    service.close();
  });
  return (service.address() as AddressInfo).port;
}

/** A client in the middle of a frame, whose first bytes arrived with the handshake. */
async function upgraded(port: number): Promise<Socket> {
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  running.push(() => client.destroy());
  client.on('error', () => {});
  client.write(Buffer.concat([Buffer.from(handshake(`Authorization: Bearer ${goodToken}`)), endless]));
  expect(String((await once(client, 'data'))[0])).toMatch(/^HTTP\/1\.1 101 /);
  client.resume();
  return client;
}

/** Sends until the connection is closed or `enough` bytes are accepted, and returns how many were. */
function flood(client: Socket): Promise<number> {
  const { promise: over, resolve: isOver } = Promise.withResolvers<number>();
  const part = Buffer.alloc(1024 * 1024);
  let taken = 0;
  client.on('close', () => isOver(taken));
  const send = () => {
    client.write(part, (error) => {
      if (error) return;
      taken += part.length;
      if (taken < enough) send();
      else isOver(taken);
    });
  };
  send();
  return over;
}

test('its bytes wait at the client', async () => {
  const port = await startDeafService();
  const identity = { ...ann, expireAtMs: Date.now() + 300 };
  const proxy = await startProxy({
    targets: [`http://127.0.0.1:${port}`],
    access: ['user'],
    resolve: () => ({ identity, reason: null, stale: false, source: 'memory' }),
  });
  running.push(() => proxy.close());
  const client = await upgraded(proxy.port);
  await vi.waitFor(() => expect(proxy.proxy.load().rechecks.ended).toBe(1));
  expect(await flood(client)).toBeLessThan(enough / 2);
  await vi.waitFor(() => expect(proxy.records).toHaveLength(1));
});

test('control: a gateway that forwards everything buffers all of it in memory', async () => {
  const naive = await startNaiveGateway(await startDeafService(), 'length-first');
  running.push(() => naive.close());
  const client = await upgraded(naive.port);
  expect(await flood(client)).toBe(enough);
  // The service has read nothing, and the system buffers a few megabytes of a connection at most.
  await vi.waitFor(() => expect(naive.waiting()).toBeGreaterThan(enough / 2));
});
