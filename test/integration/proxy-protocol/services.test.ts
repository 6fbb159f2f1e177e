/** Connections to a service that begin with the address of the client: each carries requests of that client only. */
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { type AddressInfo, createServer as createListener, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { readHeader } from '../../../src/proxy-protocol/read-header.ts';
import { createAuthority } from '../../support/certificates.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const authority = createAuthority();
const pair = authority.issue({ hosts: ['localhost'] });

interface Receiver {
  readonly port: number;
  /** First bytes of each connection: its header, or null. */
  readonly headers: (string | null)[];
}

/** Responds with the client of the connection, and the one that `X-Forwarded-For` names. */
async function startReceiver({ secure = false, keeps = true } = {}): Promise<Receiver> {
  const clients = new WeakMap<Socket, string | null>();
  const clientOf = (socket: Socket) =>
    clients.get(socket instanceof TLSSocket ? ((socket as unknown as { _parent: Socket })._parent ?? socket) : socket);
  const respond: RequestListener = (request, response) => {
    request.resume();
    request.on('end', () => {
      const client = clientOf(request.socket) ?? null;
      const body = JSON.stringify([
        client,
        request.headers['x-forwarded-for'] ?? null,
        request.headers['user-agent'] ?? null,
      ]);
      response.writeHead(200, keeps ? {} : { connection: 'close' }).end(body);
    });
  };
  const server = secure ? createSecure({ cert: pair.cert, key: pair.key }, respond) : createServer(respond);
  const webSockets = new WebSocketServer({ server });
  webSockets.on('connection', (socket, { socket: stream }) => socket.send(String(clientOf(stream))));
  const headers: (string | null)[] = [];
  const sockets = new Set<Socket>();
  const listener = createListener((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('readable', () => {
      const bytes: Buffer | null = socket.read();
      if (bytes === null) return;
      const header = readHeader(bytes);
      if (header === null || typeof header === 'string') {
        headers.push(null);
        socket.destroy();
        return;
      }
      headers.push(bytes.toString('latin1', 0, header.length));
      clients.set(socket, header.client);
      if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length));
      server.emit('connection', socket);
    });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    webSockets.close();
    listener.close();
  });
  return { port: (listener.address() as AddressInfo).port, headers };
}

async function start(receiver: Receiver, upstream: string, scheme = 'http'): Promise<RunningGateway> {
  const gateway = await startGateway(
    `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", trustedProxies: ["127.0.0.1"], limits: { eventLoopLag: 0s } }
authApi: { url: "http://127.0.0.1:9" }
upstreams:
  service: { targets: ["${scheme}://${scheme === 'https' ? 'localhost' : '127.0.0.1'}:${receiver.port}"], ${upstream} }
routes: [{ id: open, match: { path: "/**" }, upstream: service, access: public, websocket: true }]
`,
    () => authority.cert,
  );
  closing.push(() => gateway.close());
  return gateway;
}

type Seen = readonly [client: string | null, forwardedFor: string | null];

async function ask(gateway: RunningGateway, client: string, init: RequestInit = {}): Promise<Seen> {
  const response = await fetch(`${gateway.origin}/x`, { ...init, headers: { 'x-forwarded-for': client } });
  if (response.status !== 200) throw new Error(await response.text());
  const [connected, forwarded] = (await response.json()) as Seen;
  return [connected, forwarded];
}

const line = (client: string, port: number) => `PROXY TCP4 ${client} 127.0.0.1 0 ${port}\r\n`;

describe.each([
  ['v1', 'http'],
  ['v2', 'http'],
  ['v1', 'https'],
  ['v2', 'https'],
])('%s over %s', (version, scheme) => {
  const tls = scheme === 'https' ? ', tls: { ca: ca.pem }' : '';

  test('a service gets the client of each request, also with a body and after an upgrade', async () => {
    const receiver = await startReceiver({ secure: scheme === 'https' });
    const gateway = await start(receiver, `proxyProtocol: ${version}${tls}`, scheme);
    expect(await ask(gateway, '192.0.2.1')).toEqual(['192.0.2.1', '192.0.2.1, 127.0.0.1']);
    expect(await ask(gateway, '192.0.2.2', { method: 'POST', body: 'x'.repeat(200_000) })).toEqual([
      '192.0.2.2',
      '192.0.2.2, 127.0.0.1',
    ]);
    expect((await ask(gateway, '2001:db8::7'))[0]).toBe('2001:db8::7');
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/chat`, {
      headers: { 'x-forwarded-for': '192.0.2.3' },
    });
    const [data] = await once(socket, 'message');
    expect(String(data)).toBe('192.0.2.3');
    socket.close();
    await once(socket, 'close');
    if (version === 'v1') expect(receiver.headers[0]).toBe(line('192.0.2.1', receiver.port));
  });

  test('requests of many clients, through few connections, never share one', async () => {
    const receiver = await startReceiver({ secure: scheme === 'https' });
    const gateway = await start(
      receiver,
      `proxyProtocol: ${version}, connections: 4, requestsPerClient: 4, queue: { wait: 60s }${tls}`,
      scheme,
    );
    const clients = Array.from({ length: 150 }, (_, index) => `192.0.2.${(index * 7) % 20}`);
    const seen = await Promise.all(clients.map((client) => ask(gateway, client)));
    expect(seen).toEqual(clients.map((client) => [client, `${client}, 127.0.0.1`]));
  });
});

test('requests of one client share connections', async () => {
  const receiver = await startReceiver();
  const gateway = await start(receiver, 'proxyProtocol: v2');
  for (let i = 0; i < 20; i += 1) expect((await ask(gateway, '192.0.2.1'))[0]).toBe('192.0.2.1');
  expect(receiver.headers).toHaveLength(1);
  expect((await ask(gateway, '192.0.2.2'))[0]).toBe('192.0.2.2');
  expect((await ask(gateway, '192.0.2.1'))[0]).toBe('192.0.2.1');
  expect(receiver.headers).toHaveLength(2);
});

test('a request that is sent again after its connection was closed has the client in the new connection, too', async () => {
  const receiver = await startReceiver({ keeps: false });
  const gateway = await start(receiver, 'proxyProtocol: v1');
  for (const client of ['192.0.2.1', '192.0.2.2', '192.0.2.1']) expect((await ask(gateway, client))[0]).toBe(client);
  expect(receiver.headers).toEqual(
    ['192.0.2.1', '192.0.2.2', '192.0.2.1'].map((client) => line(client, receiver.port)),
  );
});

test('a client that trusted proxies do not name is the last that is known', async () => {
  const receiver = await startReceiver();
  const gateway = await start(receiver, 'proxyProtocol: v1');
  expect(await ask(gateway, 'garbage')).toEqual(['127.0.0.1', '127.0.0.1']);
});

test.each([
  ['v1', 'PROXY UNKNOWN\r\n'],
  ['v2', '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0'],
])('checks of health with %s are connections of the gateway itself', async (version, header) => {
  const receiver = await startReceiver();
  await start(receiver, `proxyProtocol: ${version}, health: { path: /live, interval: 100ms }`);
  await vi.waitFor(() => expect(receiver.headers).toEqual([header]));
});

test('control: without the setting nothing is sent ahead of requests', async () => {
  const receiver = await startReceiver();
  const gateway = await start(receiver, 'connections: 4');
  const asked = httpRequest(`${gateway.origin}/x`);
  asked.end();
  const [{ statusCode }] = (await once(asked, 'response')) as [IncomingMessage];
  asked.destroy();
  expect(statusCode).toBe(502);
  expect(new Set(receiver.headers)).toEqual(new Set([null]));
});

test('a service that does not expect the header refuses it, and a target that cannot be reached is reported as such', async () => {
  const plain = createServer((_, response) => response.end('fine'));
  plain.listen(0, '127.0.0.1');
  await once(plain, 'listening');
  closing.push(() => plain.close());
  const { port } = plain.address() as AddressInfo;
  const status = async (upstream: string, at: number, scheme = 'http') => {
    const gateway = await start({ port: at, headers: [] }, upstream, scheme);
    const response = await fetch(`${gateway.origin}/x`);
    return [response.status, response.headers.get('x-error')];
  };
  expect(await status('proxyProtocol: v1', port)).toEqual([400, 'The service refused the request']);
  expect((await status('connections: 4', port))[0]).toBe(200);
  plain.closeAllConnections();
  // TLS after the header, to a server without TLS; nothing listens at port 9.
  for (const [at, scheme] of [
    [port, 'https'],
    [9, 'https'],
    [9, 'http'],
  ] as const)
    expect((await status('proxyProtocol: v2', at, scheme))[0]).toBe(502);
});
