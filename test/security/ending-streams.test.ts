/**
 * Streams whose access ends, with uncooperative clients: in the middle of a frame, not reading, not responding, still
 * sending. None outlives its credential for long, and the service receives nothing more from them.
 */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type FakeAuthApi, startFakeAuthApi } from '../support/fake-auth-api.ts';
import { openRaw, type RawConnection } from '../support/raw-client.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';
import { request } from './support/attack-suite.ts';

let authApi: FakeAuthApi;
let gateway: RunningGateway;
let service: Server;
const sockets = new Set<Duplex>();
const events = Buffer.alloc(65_536, 'data: x\n\n');
/** The service's open streams, by requested path. */
const open = new Map<string, Duplex>();
const heard = new Map<string, number>();

beforeAll(async () => {
  authApi = await startFakeAuthApi();
  service = createServer((incoming, response) => {
    const path = incoming.url ?? '';
    open.set(path, response.socket!);
    response.socket?.on('close', () => open.delete(path));
    response.on('error', () => {});
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: hello\n\n');
    if (!path.includes('flood')) return;
    const timer = setInterval(() => {
      if (!response.writableNeedDrain) response.write(events);
    }, 5);
    response.on('close', () => clearInterval(timer));
  });
  service.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  service.on('upgrade', (incoming, socket) => {
    const path = incoming.url ?? '';
    open.set(path, socket);
    // Keeps its own side open: what counts is that the gateway has ended.
    socket.on('end', () => open.delete(path));
    socket.on('close', () => open.delete(path));
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => heard.set(path, (heard.get(path) ?? 0) + chunk.length));
    const accept = createHash('sha1').update(
      `${incoming.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`,
    );
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`,
    );
    // In the middle of a frame from the service, where a close frame does not fit.
    if (path.includes('half')) socket.write(Buffer.from([0x82, 0x7e, 0xff, 0xff, 1, 2, 3]));
  });
  service.listen(0, '127.0.0.1');
  await new Promise((resolve) => service.once('listening', resolve));
  const { port } = service.address() as AddressInfo;
  gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false }
authApi: { url: "http://127.0.0.1:${authApi.port}" }
upstreams: { service: { targets: ["http://127.0.0.1:${port}"] } }
routes:
  - { id: all, match: { path: "/**" }, upstream: service, access: authenticated, websocket: true, timeout: 60s }
`);
});
afterAll(async () => {
  await gateway.close();
  service.closeAllConnections();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => service.close(resolve));
  await authApi.close();
});

const shake = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

/** Opens a stream with its own bearer, which expires in seven or eight seconds. */
async function openStream(name: string, headers: readonly string[]): Promise<RawConnection> {
  authApi.addSession(name, { userId: name, expireAt: Math.floor(Date.now() / 1000) + 8 });
  const client = await openRaw(gateway.port);
  client.write(request(`GET /${name}`, [...headers, `Authorization: Bearer ${name}`]));
  await vi.waitFor(() => expect(open.has(`/${name}`)).toBe(true));
  await vi.waitFor(() => expect(client.unread().toString('latin1', 0, 1000)).toContain('\r\n\r\n'));
  return client;
}

type Client = readonly [name: string, headers: readonly string[], act: (socket: Socket) => void];
const clients: readonly Client[] = [
  ['quiet', shake, () => {}],
  ['in-a-frame', shake, (socket) => socket.write(Buffer.from([0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0, 1, 2]))],
  ['half-a-header', shake, (socket) => socket.write(Buffer.from([0x82]))],
  ['half-of-the-service', shake, () => {}],
  ['never-reads', shake, (socket) => socket.pause()],
  ['no-frames', shake, (socket) => socket.write(Buffer.alloc(100, 0xff))],
  [
    'sends-on',
    shake,
    (socket) => {
      const timer = setInterval(() => socket.write(Buffer.from([0x82, 0x81, 0, 0, 0, 0, 1])), 20);
      socket.on('close', () => clearInterval(timer));
    },
  ],
  ['events', [], () => {}],
  ['events-unread', [], (socket) => socket.pause()],
  [
    'events-flood',
    [],
    (socket) => {
      socket.removeAllListeners('data');
      socket.resume();
    },
  ],
  ['events-flood-unread', [], (socket) => socket.pause()],
];

describe('a stream ends with its credential', () => {
  test.concurrent.each(clients)('%s', { timeout: 60_000 }, async (name, headers, act) => {
    const client = await openStream(name, headers);
    client.socket.on('error', () => {});
    act(client.socket);
    await vi.waitFor(() => expect(open.has(`/${name}`)).toBe(false), { timeout: 30_000, interval: 50 });
    const before = heard.get(`/${name}`);
    client.socket.resume();
    await client.closed().catch(() => {});
    expect(heard.get(`/${name}`)).toBe(before);
    if (headers.length === 0 && client.unread().length < 10_000) {
      // Chunked and without its last chunk, so it does not look complete.
      expect(client.unread().toString('latin1')).not.toMatch(/\r\n0\r\n\r\n$/);
    }
    client.destroy();
  });

  test.concurrent('control: a stream whose credential is still valid stays open', { timeout: 60_000 }, async () => {
    authApi.addSession('lives', { userId: 'lives' });
    const client = await openRaw(gateway.port);
    client.write(request('GET /lives', [...shake, 'Authorization: Bearer lives']));
    await vi.waitFor(() => expect(open.has('/lives')).toBe(true));
    const other = await openStream('opened-later', shake);
    await vi.waitFor(() => expect(open.has('/opened-later')).toBe(false), { timeout: 30_000, interval: 50 });
    expect(open.has('/lives')).toBe(true);
    for (const one of [client, other]) one.destroy();
  });
});
