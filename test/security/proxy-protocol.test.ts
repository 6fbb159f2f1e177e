/** Headers of the PROXY protocol that name another client, come from anyone, or are not what the specification permits. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { fromClient, type HeaderWorld, sent, startHeaderWorld } from '../support/header-world.ts';
import { binaryHeader, binarySignature, field, ipv4Addresses } from '../support/proxy-header.ts';
import { openRaw } from '../support/raw-client.ts';

let world: HeaderWorld;
beforeAll(async () => {
  world = await startHeaderWorld();
});
afterAll(() => world.close());

const request = 'GET /one HTTP/1.1\r\nHost: a.test\r\n\r\n';
const counted = async (outcome: string) => (await world.counts())[outcome] ?? 0;

/** Closed without a response, counted as this outcome. */
async function expectClosed(bytes: string | Uint8Array, outcome: string, port = world.port): Promise<void> {
  const before = await counted(outcome);
  const requests = world.upstream.requests.length;
  const connection = await sent(port, bytes);
  await connection.closed();
  expect(String(connection.unread())).toBe('');
  expect(await counted(outcome)).toBe(before + 1);
  expect(world.upstream.requests.length).toBe(requests);
}

describe.each([
  ['version 1', Buffer.from(fromClient)],
  ['version 2', binaryHeader({ rest: Buffer.concat([ipv4Addresses, field(4, Buffer.alloc(8))]) })],
])('a header in %s', (_, header) => {
  test('that is cut at any byte is the same header', async () => {
    for (let at = 1; at < header.length; at += 1) {
      const connection = await sent(world.port, header.subarray(0, at));
      await new Promise(setImmediate);
      connection.write(Buffer.concat([header.subarray(at), Buffer.from(request)]));
      expect((await connection.answer()).status).toBe(200);
      expect(world.upstream.last().header('x-forwarded-for')).toEqual(['192.0.2.7']);
      connection.destroy();
    }
  });

  test('byte by byte, with the request', async () => {
    const connection = await openRaw(world.port);
    for (const byte of Buffer.concat([header, Buffer.from(request)])) {
      connection.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    expect((await connection.answer()).status).toBe(200);
    connection.destroy();
  });

  test('from a peer that is not trusted', async () => {
    const before = await counted('peer');
    const socket = connect({ port: world.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    socket.on('error', () => {});
    let bytes = 0;
    socket.on('data', ({ length }) => {
      bytes += length;
    });
    socket.write(Buffer.concat([header, Buffer.from(request)]));
    await new Promise((closed) => socket.once('close', closed));
    expect(bytes).toBe(0);
    expect(await counted('peer')).toBe(before + 1);
    expect(world.logged()).toContainEqual(['peer', '127.0.0.2']);
  });

  test('at an address that does not expect one is no request', async () => {
    const connection = await sent(world.otherPort, Buffer.concat([header, Buffer.from(request)]));
    expect((await connection.answer()).status).toBe(400);
    await connection.closed();
    // The control: without it.
    const plain = await sent(world.otherPort, request);
    expect((await plain.answer()).status).toBe(200);
    expect(world.upstream.last().header('x-forwarded-for')).toEqual(['127.0.0.1']);
    plain.destroy();
  });

  test('twice: the second is no request', async () => {
    const connection = await sent(world.port, Buffer.concat([header, header, Buffer.from(request)]));
    expect((await connection.answer()).status).toBe(400);
    await connection.closed();
  });

  test('inside TLS, after the one ahead of it', async () => {
    const tls = await world.secured(await sent(world.tlsPort, header));
    tls.write(Buffer.concat([header, Buffer.from(request)]));
    let text = '';
    for await (const bytes of tls) text += String(bytes);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('that ends too early', async () => {
    const before = await counted('cut');
    const connection = await openRaw(world.port);
    connection.socket.end(header.subarray(0, header.length - 1));
    await connection.closed();
    expect(await counted('cut')).toBe(before + 1);
  });
});

describe('without a response are closed', () => {
  test.each<[string, string, string | Uint8Array]>([
    ['a request without a header', 'missing', request],
    ['a preface of HTTP/2', 'missing', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['garbage', 'missing', Buffer.from('ff'.repeat(4096), 'hex')],
    ['a bad address', 'malformed', `PROXY TCP4 192.0.2.256 198.51.100.1 5000 443\r\n${request}`],
    ['leading zeros', 'malformed', `PROXY TCP4 192.0.2.007 198.51.100.1 5000 443\r\n${request}`],
    ['a bad port', 'malformed', `PROXY TCP4 192.0.2.7 198.51.100.1 70000 443\r\n${request}`],
    [
      'another family',
      'malformed',
      Buffer.concat([binaryHeader({ family: 0x31, rest: Buffer.alloc(216) }), Buffer.from(request)]),
    ],
    ['another version', 'malformed', Buffer.concat([binaryHeader({ command: 0x11 }), Buffer.from(request)])],
    ['another command', 'malformed', Buffer.concat([binaryHeader({ command: 0x2f }), Buffer.from(request)])],
    ['a length that is too short', 'malformed', Buffer.concat([binaryHeader({ length: 11 }), Buffer.from(request)])],
    // The request becomes part of the header.
    ['a length that is too long', 'malformed', Buffer.concat([binaryHeader({ length: 20 }), Buffer.from(request)])],
    ['a long line', 'too_long', `PROXY TCP4 ${'1'.repeat(65_000)}`],
    [
      'a long header',
      'too_long',
      Buffer.concat([binarySignature, Buffer.from([0x21, 0x11, 0xff, 0xff]), Buffer.alloc(65_535)]),
    ],
  ])('%s', async (_, outcome, bytes) => {
    await expectClosed(bytes, outcome);
  });

  test('TLS without a header', async () => {
    await expectClosed(Buffer.from('16030102', 'hex'), 'missing', world.tlsPort);
  });

  test('nothing at all, and a part of a header, after a second', async () => {
    const before = await counted('late');
    const beganAt = performance.now();
    const connections = await Promise.all(['', 'PROXY TCP4 192'].map((bytes) => sent(world.port, bytes)));
    await Promise.all(connections.map((connection) => connection.closed()));
    expect(performance.now() - beganAt).toBeGreaterThanOrEqual(990);
    expect(await counted('late')).toBe(before + 2);
  });

  test('a header that goes on arriving after a second', async () => {
    const before = await counted('late');
    const connection = await sent(world.port, 'PROXY TCP4 1');
    const timer = setInterval(() => connection.write('1'), 50);
    await connection.closed();
    clearInterval(timer);
    expect(await counted('late')).toBe(before + 1);
  });

  test('a check of the port, which is counted and not logged', async () => {
    const before = await counted('silent');
    const connection = await openRaw(world.port);
    connection.socket.end();
    await connection.closed();
    await vi.waitFor(async () => expect(await counted('silent')).toBe(before + 1));
  });
});

test('a flood of one cause is one line in the log, with the peer', async () => {
  for (let i = 0; i < 20; i += 1) await expectClosed(request, 'missing');
  const causes = world.logged().map(([cause]) => cause);
  expect(new Set(causes).size).toBe(causes.length);
  expect(world.logged()).toContainEqual(['missing', '127.0.0.1']);
  expect(causes).not.toContain('silent');
  // A header and a request are text of a stranger.
  expect(world.gateway.logText()).not.toContain('192.0.2.256');
});

test('silent connections of a proxy do not delay others', async () => {
  const silent = await Promise.all(Array.from({ length: 300 }, () => openRaw(world.port)));
  const beganAt = performance.now();
  const connection = await sent(world.port, `${fromClient}${request}`);
  expect((await connection.answer()).status).toBe(200);
  expect(performance.now() - beganAt).toBeLessThan(1_000);
  connection.destroy();
  await Promise.all(silent.map((one) => one.closed()));
});
