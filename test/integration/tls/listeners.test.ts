/** TLS of addresses for clients: which certificate, what services see, what is refused, and that everything else works as without. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';
import { skipHere } from '../../support/skip-here.ts';
import { secured, startTlsWorld, type TlsWorld } from './serving-tls.ts';

const run = promisify(execFile);
let world: TlsWorld;
let gateway: RunningGateway;

beforeAll(async () => {
  world = await startTlsWorld();
  gateway = await world.start();
});
afterAll(() => world.close());

async function namesFor(servername: string, port = gateway.port): Promise<string> {
  const socket = await secured(port, { servername, rejectUnauthorized: false });
  const { subjectaltname = '' } = socket.getPeerCertificate();
  socket.destroy();
  return subjectaltname;
}

/** With a client of Node over one connection. */
async function ask(request: string, port = gateway.port): Promise<string> {
  const socket = await secured(port, { servername: 'a.test', ca: world.authority.cert });
  socket.write(request);
  let text = '';
  for await (const bytes of socket) text += String(bytes);
  return text;
}

describe('the certificate', () => {
  test.each([
    ['a.test', 'DNS:a.test, DNS:both.test'],
    ['BOTH.test', 'DNS:a.test, DNS:both.test'],
    ['y.w.test', 'DNS:*.w.test'],
    // An exact name before the wildcard that is listed earlier.
    ['x.w.test', 'DNS:x.w.test, DNS:localhost, IP Address:127.0.0.1'],
    // A wildcard covers one label.
    ['z.y.w.test', 'DNS:a.test, DNS:both.test'],
    ['w.test', 'DNS:a.test, DNS:both.test'],
    ['unknown.test', 'DNS:a.test, DNS:both.test'],
    ['', 'DNS:a.test, DNS:both.test'],
  ])('for %j is that of %s', async (name, names) => {
    expect(await namesFor(name)).toBe(names);
  });

  test('an unknown name, and none, are refused where the configuration says so', async () => {
    const strict = await world.start({ tls: ', unknownNames: refuse' });
    expect(await namesFor('y.w.test', strict.port)).toBe('DNS:*.w.test');
    await expect(namesFor('unknown.test', strict.port)).rejects.toThrow(/handshake failure/);
    await expect(namesFor('', strict.port)).rejects.toThrow(/handshake failure/);
  });
});

describe('requests', () => {
  test('services and conditions see https and the address of the client, and nothing that the client claims', async () => {
    const answer = await ask(
      'GET /one HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-Proto: http\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
    const { rawHeaders } = world.upstream.requests.at(-1)!;
    const sent = Object.fromEntries(
      rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1]]] : [])),
    );
    expect(sent).toMatchObject({ 'x-forwarded-proto': 'https', 'x-forwarded-for': '127.0.0.1' });
  });

  test('the address without TLS stays plain', async () => {
    const response = await fetch(`http://127.0.0.1:${gateway.ports[1]}/two`);
    expect(response.status).toBe(200);
    const { rawHeaders } = world.upstream.requests.at(-1)!;
    expect(rawHeaders.join('\n')).toContain('x-forwarded-proto\nhttp\n');
  });

  test('a large body arrives whole in both directions, and one connection serves several requests', async () => {
    const body = 'x'.repeat(3_000_000);
    const first = `POST /up HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const answer = await ask(`${first}GET /next HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n`);
    expect(answer.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    expect(world.upstream.requests.at(-2)!.body.length).toBe(body.length);
  });

  test('a WebSocket, and its Close', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    server.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${String(data)}`)));
    const { port } = server.address() as { port: number };
    const text = world
      .config()
      .replace(/targets: \[.*?\]/, `targets: ["http://127.0.0.1:${port}"]`)
      .replace('access: public', 'access: public, websocket: true');
    const chat = await startGateway(text, (path) => world.files.get(path)!);
    const options: ConnectionOptions = {
      servername: 'a.test',
      ca: world.authority.cert,
      checkServerIdentity: () => undefined,
    };
    const socket = new WebSocket(`wss://127.0.0.1:${chat.port}/chat`, [], options as object);
    await once(socket, 'open');
    socket.send('one');
    const [data] = await once(socket, 'message');
    expect(String(data)).toBe('echo one');
    socket.close(1000);
    const [code] = await once(socket, 'close');
    expect(code).toBe(1000);
    server.close();
    await chat.close();
  });
});

describe('handshakes', () => {
  test('older versions than the lowest one fail', async () => {
    const old = {
      servername: 'a.test',
      rejectUnauthorized: false,
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    } as const;
    await expect(secured(gateway.port, { ...old, maxVersion: 'TLSv1.1' })).rejects.toThrow(/protocol version/);
    const strict = await world.start({ tls: ', minVersion: TLSv1.3' });
    await expect(secured(strict.port, { ...old, maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/);
    // The control: the same client with a version that is accepted.
    (await secured(gateway.port, { ...old, maxVersion: 'TLSv1.2' })).destroy();
  });

  test('ALPN is http/1.1; a client with others only is refused', async () => {
    const socket = await secured(gateway.port, {
      servername: 'a.test',
      ca: world.authority.cert,
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    expect(socket.alpnProtocol).toBe('http/1.1');
    socket.destroy();
    await expect(
      secured(gateway.port, { servername: 'a.test', rejectUnauthorized: false, ALPNProtocols: ['h2'] }),
    ).rejects.toThrow(/no application protocol/);
  });

  test('renegotiation is refused', async () => {
    const socket = await secured(gateway.port, {
      servername: 'a.test',
      ca: world.authority.cert,
      maxVersion: 'TLSv1.2',
    });
    const [error] = await new Promise<[Error | null]>((resolve) => {
      socket.on('error', (cause) => resolve([cause]));
      socket.renegotiate({}, (cause) => resolve([cause]));
    });
    expect(String(error)).toMatch(/no renegotiation|closed|reset/i);
    socket.destroy();
  });

  test.each([
    ['a plain request', 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'],
    ['garbage', Buffer.from('160301ffff'.padEnd(200, 'ab'), 'hex')],
    ['an alert', Buffer.from('15030100020228', 'hex')],
  ])('%s ends the connection', async (_, bytes) => {
    const socket = connectPlain(gateway.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume().write(bytes);
    await once(socket, 'close');
  });

  test('slow ones end in time, and count neither against others nor against the end of the process', async () => {
    const slow = await world.start({ server: '\n  limits: { headersTimeout: 1s }' });
    const open = Array.from({ length: 200 }, () => connectPlain(slow.port, '127.0.0.1'));
    const closed = Promise.all(open.map((socket) => once(socket.on('error', () => {}).resume(), 'close')));
    // The beginning of a record with a handshake, and nothing more.
    for (const socket of open) socket.write(Buffer.from('16030102', 'hex'));
    // Another client: in IPv4, every address of this network is this machine.
    const socket = connectPlain({ port: slow.port, host: '127.0.0.1', localAddress: '127.0.0.7' });
    const other = await secured(slow.port, { servername: 'a.test', ca: world.authority.cert, socket });
    expect(other.authorized).toBe(true);
    other.destroy();
    await closed;
    // The same client is served again.
    (await secured(slow.port, { servername: 'a.test', ca: world.authority.cert })).destroy();
    await vi.waitFor(async () => expect(await slow.metrics()).toMatch(/^rolegate_connections_open 0$/m));
  });

  test('clients that leave before and in the middle free their places at once, and silent ones take none', async () => {
    // The test ends before the time of a handshake does.
    const patient = await world.start({ server: '\n  limits: { headersTimeout: 10m }' });
    const open = Array.from({ length: 200 }, () => connectPlain(patient.port, '127.0.0.1'));
    await Promise.all(open.map((socket) => once(socket.on('error', () => {}).resume(), 'connect')));
    for (const socket of open.slice(0, 70)) socket.end();
    for (const socket of open.slice(70, 140)) socket.end(Buffer.from('16030102', 'hex'));
    (await secured(patient.port, { servername: 'a.test', ca: world.authority.cert })).destroy();
    for (const socket of open) socket.destroy();
    await vi.waitFor(async () => expect(await patient.metrics()).toMatch(/^rolegate_connections_open 0$/m));
  });
});

describe('clients that others wrote', () => {
  const resolve = () => ['--resolve', `a.test:${gateway.port}:127.0.0.1`];

  async function orSkip(program: string, args: readonly string[]): Promise<string> {
    try {
      return (await run(program, args)).stdout;
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ENOENT') skipHere(`there is no ${program}`);
      throw error;
    }
  }

  test('curl verifies the certificate', async () => {
    const url = `https://a.test:${gateway.port}/curl`;
    expect(
      await orSkip('curl', [
        '-s',
        ...resolve(),
        '--cacert',
        world.ca,
        '-o',
        '/dev/null',
        '-w',
        '%{http_code} %{ssl_verify_result}',
        url,
      ]),
    ).toBe('200 0');
  });

  test('Python verifies the certificate', async () => {
    const program = `
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
with socket.create_connection(('127.0.0.1', int(sys.argv[2]))) as plain:
    with context.wrap_socket(plain, server_hostname='a.test') as tls:
        tls.sendall(b'GET /python HTTP/1.1\\r\\nHost: a.test\\r\\nConnection: close\\r\\n\\r\\n')
        print(tls.version(), tls.recv(15).decode())
`;
    expect(await orSkip('python3', ['-c', program, world.ca, String(gateway.port)])).toBe('TLSv1.3 HTTP/1.1 200 OK\n');
  });
});
