/** The address in a header of the PROXY protocol is that of the client for everything that the gateway decides, limits, forwards and logs. */
import { once } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { maxHandshakesOfClient } from '../../../src/tls/tls-port.ts';
import {
  fromClient,
  type HeaderSettings,
  type HeaderWorld,
  sent,
  startHeaderWorld,
} from '../../support/header-world.ts';
import { binaryHeader, field, ipv4Addresses, ipv6Addresses } from '../../support/proxy-header.ts';
import type { RawConnection } from '../../support/raw-client.ts';

let world: HeaderWorld;
afterEach(() => world.close());
const start = async (settings?: Partial<HeaderSettings>) => {
  world = await startHeaderWorld(settings);
};

const request = 'GET /one HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 198.51.100.99\r\n\r\n';
const local = binaryHeader({ command: 0x20, family: 0, rest: Buffer.alloc(0) });

/** The response to a request after the header, and the `X-Forwarded-For` that the service got. */
async function ask(
  header: string | Uint8Array,
  port = world.port,
): Promise<[status: number, forwardedFor: string | undefined]> {
  const before = world.upstream.requests.length;
  const connection = await sent(port, Buffer.concat([Buffer.from(header), Buffer.from(request)]));
  const { status } = await connection.answer();
  connection.destroy();
  return [status, world.upstream.requests[before]?.header('x-forwarded-for')[0]];
}

describe('the client', () => {
  test.each<[string, string | Uint8Array, string]>([
    ['version 1', fromClient, '192.0.2.7'],
    ['version 1, IPv6', 'PROXY TCP6 2001:0DB8::7 2001:db8::1 5000 443\r\n', '2001:db8::7'],
    ['version 1, IPv4 in IPv6', 'PROXY TCP6 ::ffff:192.0.2.7 ::1 5000 443\r\n', '192.0.2.7'],
    ['version 2', binaryHeader(), '192.0.2.7'],
    ['version 2, IPv6', binaryHeader({ family: 0x21, rest: ipv6Addresses }), '2001:db8::7'],
    [
      'version 2 with fields',
      binaryHeader({ rest: Buffer.concat([ipv4Addresses, field(4, Buffer.alloc(505))]) }),
      '192.0.2.7',
    ],
    // The header is of a trusted proxy, whose `X-Forwarded-For` is trusted.
    ['UNKNOWN', 'PROXY UNKNOWN\r\n', '198.51.100.99, 127.0.0.1'],
    ['LOCAL', local, '198.51.100.99, 127.0.0.1'],
    ['a trusted proxy', 'PROXY TCP4 203.0.113.9 198.51.100.1 5000 443\r\n', '198.51.100.99, 203.0.113.9'],
  ])('of %s', async (_, header, forwardedFor) => {
    await start();
    expect(await ask(header)).toEqual([200, forwardedFor]);
  });

  test('decides conditions, and is the client in the log', async () => {
    await start({ route: ', when: [{ client: address, cidr: "192.0.2.0/24", reason: not_inside }]' });
    expect((await ask(fromClient))[0]).toBe(200);
    expect((await ask('PROXY TCP4 198.51.100.8 198.51.100.1 5000 443\r\n'))[0]).toBe(403);
    await vi.waitFor(() => {
      const lines = world.gateway.logLines().filter(({ msg }) => msg === 'request');
      expect(lines.map(({ client }) => client)).toEqual(['192.0.2.7', '198.51.100.8']);
    });
  });

  test('has its own limit of connections, which the proxy in front has not', async () => {
    await start({ server: '\n  limits: { connectionsPerClient: 2 }' });
    const open: RawConnection[] = [];
    for (const header of [fromClient, binaryHeader()]) open.push(await sent(world.port, header));
    await vi.waitFor(async () => expect(await world.counts()).toEqual({ client: 2 }));
    const third = await sent(world.port, Buffer.concat([Buffer.from(fromClient), Buffer.from(request)]));
    await third.closed();
    expect(String(third.unread())).toBe('');
    for (const header of [local, local, local, 'PROXY TCP4 192.0.2.8 198.51.100.1 5000 443\r\n'])
      expect((await ask(header))[0]).toBe(200);
    for (const connection of open) connection.destroy();
    await vi.waitFor(async () => expect((await ask(fromClient))[0]).toBe(200));
    await vi.waitFor(async () => expect(await world.gateway.metrics()).toMatch(/^rolegate_connections_open 0$/m));
  });
});

test('clients, not the proxy in front, take turns in handshakes and have bounds of their own there', async () => {
  await start();
  const flood = await Promise.all(
    Array.from({ length: maxHandshakesOfClient + 10 }, () =>
      // The beginning of a record with a handshake, and nothing more.
      sent(world.tlsPort, Buffer.concat([Buffer.from(fromClient), Buffer.from('16030102', 'hex')])),
    ),
  );
  await vi.waitFor(async () => expect(await world.counts()).toEqual({ client: flood.length }));
  const secured = async (header: string | Uint8Array) => await world.secured(await sent(world.tlsPort, header));
  let waits = true;
  const another = secured(fromClient).then((tls) => {
    waits = false;
    return tls;
  });
  (await secured('PROXY TCP4 192.0.2.8 198.51.100.1 5000 443\r\n')).destroy();
  expect(waits).toBe(true);
  for (const connection of flood) connection.destroy();
  (await another).destroy();
});

describe('after the header', () => {
  test('TLS, in the same segment and in another', async () => {
    await start();
    for (const apart of [false, true]) {
      const connection = await sent(world.tlsPort, fromClient);
      if (apart) await vi.waitFor(async () => expect(await world.counts()).toMatchObject({ client: 2 }));
      const tls = await world.secured(connection);
      expect(tls.authorized).toBe(true);
      tls.write('GET /tls HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
      let text = '';
      for await (const bytes of tls) text += String(bytes);
      expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
      const { header } = world.upstream.last();
      expect([header('x-forwarded-for'), header('x-forwarded-proto')]).toEqual([['192.0.2.7'], ['https']]);
    }
  });

  test('several requests, sent with it', async () => {
    await start();
    const connection = await sent(world.port, `${fromClient}${request}${request.replace('/one', '/two')}`);
    expect([(await connection.answer()).status, (await connection.answer()).status]).toEqual([200, 200]);
    expect(world.upstream.requests.map(({ target }) => target)).toEqual(['/one', '/two']);
    connection.write(request.replace('/one', '/three'));
    expect((await connection.answer()).status).toBe(200);
    connection.destroy();
  });

  test('a client that ends its side after its request gets the response', async () => {
    await start();
    const connection = await sent(world.port, '');
    connection.socket.end(`${fromClient}${request}`);
    expect((await connection.answer()).status).toBe(200);
    expect(await connection.closed()).toBe('end');
  });

  test('a large body arrives whole', async () => {
    await start();
    const body = Buffer.alloc(2_000_000, 'x');
    const head = `POST /up HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${body.length}\r\n\r\n`;
    const connection = await sent(world.port, Buffer.concat([binaryHeader(), Buffer.from(head), body]));
    expect((await connection.answer('POST')).status).toBe(200);
    expect(world.upstream.last().body.equals(body)).toBe(true);
    connection.destroy();
  });

  test('a WebSocket', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    server.on('connection', (socket, { headers }) =>
      socket.on('message', (data) => socket.send(`${headers['x-forwarded-for']} ${String(data)}`)),
    );
    const { port } = server.address() as { port: number };
    await start({ target: `http://127.0.0.1:${port}`, route: ', websocket: true' });
    const { socket } = await sent(world.port, binaryHeader());
    socket.removeAllListeners('data');
    const client = new WebSocket('ws://a.test/chat', { createConnection: () => socket });
    await once(client, 'open');
    client.send('hello');
    const [data] = await once(client, 'message');
    expect(String(data)).toBe('192.0.2.7 hello');
    client.close();
    await once(client, 'close');
    server.close();
  });

  test('the end of the process: a connection whose header has arrived is idle, and one without is waited for no longer than its time', async () => {
    await start({ server: '\n  limits: { headersTimeout: 1s }' });
    const silent = await sent(world.port, 'PROXY ');
    const idle = await sent(world.port, fromClient);
    await vi.waitFor(async () => expect(await world.counts()).toEqual({ client: 1 }));
    await world.gateway.terminate();
    await Promise.all([silent.closed(), idle.closed()]);
  });
});
