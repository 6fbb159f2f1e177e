/**
 * Connection abuse from advisories of 2025 and 2026: tunnels before the service agreed, values in the `Upgrade` header,
 * unread bodies, responses sent in advance, endless frames.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openRaw } from '../support/raw-client.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { ann, goodToken, startProxy } from '../support/running-proxy.ts';
import { switchingProtocols } from '../support/websocket-handshake.ts';
import { type Attack, attackSuite, request } from './support/attack-suite.ts';
import { startFooledUpstream } from './support/fooled-upstream.ts';
import { type LenientRequest, readLenient } from './support/lenient-reading.ts';
import { startNaiveGateway } from './support/naive-gateway.ts';

const running: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of running.splice(0).reverse()) await close();
});

const key = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
const upgrade = (protocol: string) => ['Connection: Upgrade', `Upgrade: ${protocol}`, ...key];
const admin = request('GET /admin/x');

// A client's value in this option became request lines of undici. Source: CVE-2026-1527 (GHSA-4992-7rv2-5pvq).
const words: readonly (readonly [name: string, protocol: string])[] = [
  ['a bare LF', 'websocket\nUser_Id: root'],
  ['a bare CR', 'websocket\rUser-Id: root'],
  ['CR LF and a space', 'websocket\r\n User-Id: root'],
];
attackSuite('values of Upgrade', [
  ...words.map(
    ([name, protocol]): Attack => ({
      name: `${name} in it: CVE-2026-1527`,
      bytes: request('GET /other', upgrade(protocol)),
      ...{ status: [400, 'closed'], reaches: null, ...(name === 'a lone LF' ? { harm: 'forged identity' } : {}) },
    }),
  ),
  ...['%0d%0aUser-Id:%20root', 'websocket, x', 'web\tsocket', '"websocket"', 'w\xe9bsocket'].map(
    (protocol): Attack => ({
      name: `${JSON.stringify(protocol)} is not forwarded`,
      bytes: request('GET /other', upgrade(protocol)),
      ...{ status: [200, 400] },
      check: ({ upstream }) => expect(upstream.received().join('')).not.toMatch(/^upgrade:/im),
    }),
  ),
]);

/** A service without support for upgrades. */
const declines = () => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno';

/**
 * Pingora forwarded everything once the client requested an upgrade, so the bytes after that request reached the
 * service without a rule. Source: CVE-2026-2833 (miggo.io/vulnerability-database/cve/CVE-2026-2833).
 */
describe('a tunnel before the service agreed: CVE-2026-2833', () => {
  test.each(['websocket', 'h2c', 'foo'])('%s: the following bytes are not part of it', async (protocol) => {
    const upstream = await startFooledUpstream({ answer: declines });
    running.push(() => upstream.close());
    const proxy = await startProxy({ targets: [upstream.origin] });
    running.push(() => proxy.close());
    const client = await openRaw(proxy.port);
    running.push(() => client.destroy());
    client.write(request('GET /public/x', upgrade(protocol)) + admin);
    const answer = await client.answer();
    expect([answer.status, answer.header('connection')]).toEqual([200, 'close']);
    client.write(admin);
    await client.closed();
    expect(client.unread().toString()).toBe('');
    expect(upstream.seen('length-first').map(({ target }) => target)).toEqual(['/public/x']);
    expect(upstream.harms()).toEqual([]);
  });

  test.each(['websocket', 'h2c', 'foo'])('control: %s, at a gateway that does not wait for a 101', async (protocol) => {
    const upstream = await startFooledUpstream({ answer: declines });
    running.push(() => upstream.close());
    const naive = await startNaiveGateway(upstream.port, 'length-first', { tunnelsAtOnce: true });
    running.push(() => naive.close());
    const client = await openRaw(naive.port);
    running.push(() => client.destroy());
    client.write(request('GET /public/x', upgrade(protocol)) + admin);
    await vi.waitFor(() => expect(upstream.harms()).toEqual(['protected path']));
  });
});

/** A refused request whose body is a request that the client is allowed to send, so only its place is wrong. */
const carried = 'GET /carried HTTP/1.1\r\nHost: a\r\n\r\n';
const size = carried.length;
const byLength = request('POST /refused', [`Content-Length: ${size}`], carried);
const inChunks = request(
  'POST /refused',
  ['Transfer-Encoding: chunked'],
  `${size.toString(16)}\r\n${carried}\r\n0\r\n\r\n`,
);

/** Pingora responded from its cache and left the body on the connection. Source: CVE-2025-4366. */
describe('the body of a request that is not forwarded: CVE-2025-4366', () => {
  test.each([
    ['by length', byLength],
    ['with chunks', inChunks],
  ])('%s, is not parsed as the next request', async (_, bytes) => {
    const upstream = await startRecordingUpstream();
    running.push(() => upstream.close());
    const proxy = await startProxy({ targets: [upstream.origin], route: { maxBodyBytes: 8 } });
    running.push(() => proxy.close());
    const client = await openRaw(proxy.port);
    running.push(() => client.destroy());
    client.write(bytes);
    expect((await client.answer('POST')).status).toBe(413);
    await client.closed();
    expect(client.unread().toString()).toBe('');
    expect(upstream.requests.map(({ target }) => target)).not.toContain('/carried');
  });

  test('control: it is, at a gateway that refuses after the headers and leaves the body', async () => {
    const served: string[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => {});
      running.push(() => socket.destroy());
      let rest = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        rest = Buffer.concat([rest, chunk]);
        for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
          const { target } = headOf(rest.subarray(0, end + 4));
          rest = rest.subarray(end + 4);
          if (target === '/refused') socket.write('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n');
          else served.push(target);
        }
      });
    });
    const client = await openRaw(await listen(server));
    running.push(() => client.destroy());
    client.write(byLength);
    expect((await client.answer('POST')).status).toBe(413);
    await vi.waitFor(() => expect(served).toEqual(['/carried']));
  });
});

/**
 * A service responds once more on an idle connection, and the response is taken for that to the next request. Source:
 * CVE-2026-48931 (adventures.nodeland.dev, "CVE-2026-48931 Shouldn't Have Been a CVE").
 */
describe('a response in advance: CVE-2026-48931', () => {
  const injected = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nINJECTED';
  const good = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood';
  async function startService(): Promise<{ port: number; sockets: Socket[] }> {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      running.push(() => socket.destroy());
      socket.on('error', () => {});
      socket.on('data', () => socket.write(good));
    });
    return { port: await listen(server), sockets };
  }
  const get = request('GET /a');

  test('the connection is closed before the next request', async () => {
    const service = await startService();
    const proxy = await startProxy({ targets: [`http://127.0.0.1:${service.port}`], upstream: { connections: 1 } });
    running.push(() => proxy.close());
    const client = await openRaw(proxy.port);
    running.push(() => client.destroy());
    client.write(get);
    expect((await client.answer()).text()).toBe('good');
    const [socket] = service.sockets as [Socket];
    const closed = once(socket, 'close');
    socket.write(injected);
    await closed;
    client.write(get);
    expect((await client.answer()).text()).toBe('good');
    expect(service.sockets).toHaveLength(2);
  });

  test('control: a gateway that keeps the connection hands it to the next request', async () => {
    const service = await startService();
    const naive = await startNaiveGateway(service.port, 'length-first');
    running.push(() => naive.close());
    const client = await openRaw(naive.port);
    running.push(() => client.destroy());
    client.write(get);
    expect((await client.answer()).text()).toBe('good');
    service.sockets[0]!.write(injected);
    await vi.waitFor(() => expect(client.unread().length).toBeGreaterThan(0));
    client.write(get);
    expect((await client.answer()).text()).toBe('INJECTED');
  });
});

/** The length of a frame made undici's parser throw. Source: CVE-2026-1528 (GHSA-f269-vfmq-vjvj). */
describe('frames with a 64-bit length: CVE-2026-1528', () => {
  const lengths: readonly (readonly [name: string, length: readonly number[]])[] = [
    ['all bits', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['only the first bit: RFC 6455 section 5.2', [0x80, 0, 0, 0, 0, 0, 0, 0]],
    ['one above the largest safe integer', [0, 0x20, 0, 0, 0, 0, 0, 1]],
    ['2^32', [0, 0, 0, 1, 0, 0, 0, 0]],
  ];

  test.each(lengths)(
    '%s, both directions: forwarded unchanged, ended with the access, and no other client is affected',
    async (_, length) => {
      const heard: Buffer[] = [];
      const server = createServer((socket) => {
        running.push(() => socket.destroy());
        socket.on('error', () => {});
        socket.once('data', () => {
          socket.write(switchingProtocols);
          socket.write(Buffer.from([0x82, 127, ...length, 7]));
          socket.on('data', (chunk: Buffer) => heard.push(chunk));
        });
      });
      let over = false;
      const proxy = await startProxy({
        targets: [`http://127.0.0.1:${await listen(server)}`],
        access: ['user'],
        route: { recheckMs: 50 },
        resolve: () =>
          over
            ? { identity: null, reason: 'credential_rejected', retryAfterS: null, source: 'memory' }
            : { identity: ann, reason: null, stale: false, source: 'memory' },
      });
      running.push(() => proxy.close());
      const client = await openRaw(proxy.port);
      running.push(() => client.destroy());
      client.write(request('GET /chat', [`Authorization: Bearer ${goodToken}`, ...upgrade('websocket')]));
      expect((await client.answer()).status).toBe(101);
      const frame = Buffer.from([0x82, 0xff, ...length, 1, 2, 3, 4, 5]);
      client.write(frame);
      await vi.waitFor(() => expect(Buffer.concat(heard)).toEqual(frame));
      await vi.waitFor(() => expect(client.unread()).toEqual(Buffer.from([0x82, 127, ...length, 7])));
      over = true;
      await client.closed();
      await vi.waitFor(() => expect(proxy.records).toHaveLength(1));
      // No close frame fits into an endless frame, and nothing more from the service is forwarded.
      expect(client.unread().length).toBe(11);
    },
  );
});

function headOf(bytes: Buffer): LenientRequest {
  const text = bytes.toString('latin1').replace(/^(?:content-length|transfer-encoding):.*\r\n/gim, '');
  return readLenient(Buffer.from(text, 'latin1'), 'length-first')!.request;
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  running.push(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
