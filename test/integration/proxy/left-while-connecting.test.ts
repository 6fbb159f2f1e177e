/** A client that disconnects while the upstream connection is being opened: the service never gets its request. */
import { once } from 'node:events';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { certificate as cert, key } from '../../support/localhost-certificate.ts';
import { openRaw, sendRaw } from '../../support/raw-client.ts';
import { type RunningProxy, startProxy } from '../../support/running-proxy.ts';

const known = getCACertificates('default');
let service: HttpsServer;
let relay: Server;
let proxy: RunningProxy;
const asked: string[] = [];
const sockets = new Set<Socket>();
/** Connections with a delayed handshake. */
const held: Socket[] = [];
let holding = true;

function letThrough(socket: Socket): void {
  const on = connect((service.address() as AddressInfo).port, '127.0.0.1');
  sockets.add(on);
  for (const side of [socket, on]) side.on('error', () => {});
  socket.pipe(on).pipe(socket);
}

beforeAll(async () => {
  setDefaultCACertificates([...known, cert]);
  service = createHttpsServer({ cert, key }, (request, response) => {
    asked.push(request.url ?? '');
    response.end('served');
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  relay = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    if (holding) held.push(socket);
    else letThrough(socket);
  });
  relay.listen(0, 'localhost');
  await once(relay, 'listening');
  proxy = await startProxy({ targets: [`https://localhost:${(relay.address() as AddressInfo).port}`] });
});
afterAll(async () => {
  await proxy.close();
  for (const socket of sockets) socket.destroy();
  relay.close();
  service.close();
  setDefaultCACertificates(known);
});

const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

it('the connection serves the next request', async () => {
  const client = await openRaw(proxy.port);
  client.write(request('/left'));
  await vi.waitFor(() => expect(held).toHaveLength(1));
  client.destroy();
  await vi.waitFor(() => expect(proxy.records).toMatchObject([{ aborted: true }]));
  holding = false;
  for (const socket of held.splice(0)) letThrough(socket);
  expect((await sendRaw(proxy.port, request('/next'))).text()).toBe('served');
  expect(asked).toEqual(['/next']);
  await vi.waitFor(() => expect([proxy.proxy.inFlight, proxy.wheel.size]).toEqual([0, 0]));
});

it('control: a waiting client is served', async () => {
  expect((await sendRaw(proxy.port, request('/waits'))).text()).toBe('served');
  expect(asked).toEqual(['/next', '/waits']);
});
