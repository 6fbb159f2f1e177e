/** Connections to a target, with servers that write raw bytes. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { BodySink, BodySource } from '../../../src/http1/body.ts';
import { Pool, type PoolOptions } from '../../../src/http1/client/pool.ts';
import type { ConnectionControl, OutgoingRequest, ResponseHandler } from '../../../src/http1/client/request.ts';
import { hasOwnMemory } from '../../../src/http1/part-memory.ts';
import { certificate as cert, key } from '../../support/localhost-certificate.ts';

/** Follows one request, and records every event. */
class Noted implements ResponseHandler {
  readonly ended: Promise<void>;
  wanted = true;
  control: ConnectionControl | null = null;
  carried = -1;
  status = 0;
  headers: readonly string[] = [];
  body = '';
  error: string | null = null;
  onHead: ((control: ConnectionControl) => void) | null = null;
  #end: () => void = () => {};

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  onRequestStart(control: ConnectionControl): boolean {
    if (!this.wanted) {
      this.#end();
      return false;
    }
    this.control = control;
    this.carried = control.carried;
    return true;
  }
  onBodySent(): void {}
  onResponseStarted(): void {}
  onResponseHead(status: number, _text: string, rawHeaders: readonly string[]): void {
    this.status = status;
    this.headers = rawHeaders;
    this.onHead?.(this.control!);
  }
  onResponseData(chunk: Buffer): void {
    this.body += chunk.toString('latin1');
  }
  onResponseWaits(): void {}
  onUpgrade(): void {}
  onResponseEnd(): void {
    this.#end();
  }
  onResponseError(error: Error): void {
    this.error = error.message;
    this.#end();
  }
}

/** As long as a server has to be silent after a response without a body. */
const bodilessSilenceMs = 60;

const running: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.close();
});

const known = getCACertificates('default');
beforeAll(() => setDefaultCACertificates([...known, cert]));
afterAll(() => setDefaultCACertificates(known));

interface RawServer {
  readonly origin: string;
  readonly sockets: Socket[];
  /** What is below TLS, or the same sockets. */
  readonly rawSockets: Socket[];
  readonly received: string[];
}

/** Calls `react` for each header block that arrives, with its number over all connections. */
async function serve(react: (socket: Socket, request: number) => void, scheme = 'http'): Promise<RawServer> {
  const sockets: Socket[] = [];
  const rawSockets: Socket[] = [];
  const received: string[] = [];
  let requests = 0;
  const accept = (socket: Socket) => {
    const index = sockets.push(socket) - 1;
    received.push('');
    let seen = 0;
    let blocks = 0;
    let tail = '';
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      const text = bytes.toString('latin1');
      received[index] += text;
      blocks += (tail + text).split('\r\n\r\n').length - 1;
      // An already counted end is not counted again.
      tail = text.endsWith('\r\n\r\n') ? '' : (tail + text).slice(-3);
      for (; seen < blocks; seen += 1) react(socket, requests++);
    });
  };
  // Otherwise a response waits until the client has acknowledged the tickets of TLS, and a reset drops it.
  const noDelay = true;
  const server: Server = scheme === 'http' ? createServer(accept) : createTlsServer({ cert, key, noDelay }, accept);
  const host = scheme === 'http' ? '127.0.0.1' : 'localhost';
  server.on('connection', (socket: Socket) => rawSockets.push(socket));
  server.listen(0, host);
  await once(server, 'listening');
  running.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  const origin = `${scheme}://${host}:${(server.address() as AddressInfo).port}`;
  return { origin, sockets, rawSockets, received };
}

function poolOf(origin: string, options: Partial<PoolOptions> = {}): Pool {
  const pool = new Pool(origin, {
    connections: 4,
    connectTimeoutMs: 2_000,
    idleMs: 4_000,
    tls: null,
    unrequested: () => {},
    ...options,
  });
  running.push({ close: () => pool.destroy() });
  return pool;
}

const get: OutgoingRequest = {
  method: 'GET',
  path: '/a',
  headers: ['host', 'a.test'],
  body: null,
  upgrade: false,
  group: 'a',
};
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A body that comes from a stream. */
function partsOf(stream: Readable): BodySource {
  return {
    start(taker) {
      stream.on('data', (part: Buffer) => taker.take(part, hasOwnMemory(part))).on('end', () => taker.end());
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    stop: () => void stream.removeAllListeners('data').removeAllListeners('end'),
  };
}

async function ask(pool: Pool, request: OutgoingRequest = get): Promise<Noted> {
  const noted = new Noted();
  pool.dispatch(request, noted);
  await noted.ended;
  // Its connection can be reused once the event loop has checked for more bytes on it.
  await setTimeout(5);
  return noted;
}

describe('a response', () => {
  it.each([
    ['in one piece', [ok], 200, 'ok'],
    ['byte by byte', [...ok], 200, 'ok'],
    [
      'after interim responses',
      ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n', ok],
      200,
      'ok',
    ],
    ['after a split interim response', ['HTTP/1.1 100 Con', `tinue\r\n\r\n${ok}`], 200, 'ok'],
    ['with a split in the last bytes of its head', ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r', '\nok'], 200, 'ok'],
    ['with chunks', ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\no', 'k\r\n0\r\n\r\n'], 200, 'ok'],
    ['without content', ['HTTP/1.1 204 No Content\r\n\r\n'], 204, ''],
  ] as const)('%s', async (_name, pieces, status, body) => {
    const server = await serve(async (socket) => {
      for (const piece of pieces) {
        socket.write(piece, 'latin1');
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    // The second request waits until the connection can be reused.
    const pool = poolOf(server.origin, { connections: 1 });
    for (const carried of [0, 1]) {
      const noted = await ask(pool);
      expect(noted).toMatchObject({ status, body, error: null, carried });
      if (status === 204) await setTimeout(bodilessSilenceMs + 20);
    }
    expect(server.sockets).toHaveLength(1);
  });

  it('that ends with its connection', async () => {
    const server = await serve((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it'));
    expect(await ask(poolOf(server.origin))).toMatchObject({ body: 'all of it', error: null });
  });

  it.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\n\r\n', 1],
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 1],
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n', 1],
    ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 1],
    ['GET', 'HTTP/1.1 304 Not Modified\r\n\r\n', 1],
    // A faulty server may send the content that it announces.
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n', 0],
  ])('without a body, to %s: %j carries %i more', async (method, bytes, more) => {
    const server = await serve((socket) => socket.write(bytes));
    const pool = poolOf(server.origin, { connections: 1 });
    for (const carried of [0, more]) {
      expect(await ask(pool, { ...get, method })).toMatchObject({ body: '', error: null, carried });
      await setTimeout(bodilessSilenceMs + 20);
    }
  });

  it('without a body gives up its connection to a request that would wait for one', async () => {
    const server = await serve((socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'));
    const pool = poolOf(server.origin, { connections: 1 });
    const startedAt = performance.now();
    for (let i = 0; i < 20; i += 1) expect(await ask(pool)).toMatchObject({ status: 204, carried: 0 });
    expect(performance.now() - startedAt).toBeLessThan(20 * bodilessSilenceMs);
    expect(server.sockets).toHaveLength(20);
  });

  it.each([
    ['that is not HTTP', 'SSH-2.0-x\r\n\r\n', 'response_invalid: status_line at line 1'],
    ['that is not HTTP and waits', 'SSH-2.0-x\r\n', 'response_invalid: status_line at line 1'],
    ['whose lines end with LF', 'HTTP/1.1 200 OK\nA: b\n\n', 'response_invalid: line_end at line 1, column 16'],
    [
      'that switches protocols',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n',
      'response_invalid: unrequested_switch at line 1',
    ],
    ['with an endless head', `HTTP/1.1 200 OK\r\nA: ${'b'.repeat(70_000)}`, 'head_too_large'],
    ['whose head is too large', `HTTP/1.1 200 OK\r\nA: ${'b'.repeat(70_000)}\r\n\r\n`, 'head_too_large'],
    ['after endless interim responses', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(4_000), 'head_too_large'],
    [
      'with two framings',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n',
      'response_invalid: one_framing at line 3',
    ],
  ])('%s is invalid', async (_name, bytes, error) => {
    const server = await serve((socket) => socket.write(bytes));
    expect(await ask(poolOf(server.origin))).toMatchObject({ status: 0, error });
    await vi.waitFor(() => expect(server.sockets.every(({ destroyed }) => destroyed)).toBe(true));
  });

  it.each([
    [
      'ends',
      (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort'),
      'closed: within the body',
    ],
    [
      'ends within its head',
      (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Le'),
      'closed: within the head, in line 2',
    ],
    [
      'ends within its chunks',
      (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n'),
      'closed: within the body',
    ],
    ['ends before it starts', (socket: Socket) => socket.end(), 'closed'],
    ['is reset', (socket: Socket) => socket.resetAndDestroy(), 'broken: read ECONNRESET'],
  ] as const)('that %s is an error', async (_name, react, error) => {
    const server = await serve(react);
    expect(await ask(poolOf(server.origin))).toMatchObject({ error });
  });
});

describe.each(['http', 'https'])('a server of %s that responds before the body has arrived, and closes', (scheme) => {
  const whole = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno';

  /** A body whose second part is written when the server has closed, and before anything of it is read. */
  async function upload(response: string, ends = false): Promise<{ noted: Noted; stopped: boolean; pool: Pool }> {
    const noted = new Noted();
    let sink: BodySink | null = null;
    let stopped = false;
    const body: BodySource = {
      start(to) {
        sink = to;
        to.take(Buffer.from('first'), false);
      },
      pause() {},
      resume() {},
      stop: () => {
        stopped = true;
      },
    };
    const server = await serve((socket, request) => {
      socket.write(request > 0 ? ok : response);
      if (request > 0) return;
      server.rawSockets[0]!.resetAndDestroy();
      sink!.take(Buffer.from('later'), false);
      if (ends) sink!.end();
    }, scheme);
    const pool = poolOf(server.origin);
    pool.dispatch({ ...get, method: 'POST', headers: ['content-length', '10'], body }, noted);
    await noted.ended;
    return { noted, stopped, pool };
  }

  it('is heard', async () => {
    const { noted, stopped } = await upload(whole);
    expect(noted).toMatchObject({ status: 413, body: 'no', error: null });
    expect(stopped).toBe(true);
  });

  it('is not sent the next request, even if it has responded to a whole one', async () => {
    const { noted, pool } = await upload(whole, true);
    expect(noted).toMatchObject({ status: 413, body: 'no', error: null });
    expect(await ask(pool)).toMatchObject({ body: 'ok', carried: 0 });
  });

  it.each([
    ['a response without an end', 'HTTP/1.1 413 Content Too Large\r\n\r\nhalf', { status: 413, body: 'half' }],
    ['a part of a response', whole.slice(0, -1), { status: 413, body: 'n' }],
    ['a part of a head', whole.slice(0, 20), { status: 0, body: '' }],
    ['nothing', '', { status: 0, body: '' }],
  ])('and sends %s has not responded', async (_name, response, seen) => {
    const { noted } = await upload(response);
    expect(noted).toMatchObject(seen);
    expect(noted.error).toMatch(/^(closed|broken)/);
  });
});

describe('a connection', () => {
  it('is not reused after more bytes than the response has', async () => {
    const server = await serve((socket) => socket.write(`${ok}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`));
    const pool = poolOf(server.origin);
    for (let i = 0; i < 2; i += 1) expect(await ask(pool)).toMatchObject({ body: 'ok', carried: 0 });
    expect(server.sockets).toHaveLength(2);
  });

  it('is closed when the target sends without a request', async () => {
    const server = await serve((socket) => socket.write(ok));
    const pool = poolOf(server.origin);
    await ask(pool);
    server.sockets[0]!.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
    await once(server.sockets[0]!, 'close');
    expect(await ask(pool)).toMatchObject({ body: 'ok', carried: 0 });
  });

  it.each([
    ['says that it closes', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
    ['speaks HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['keeps it for a second', 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok'],
  ])('is not kept when the target %s', async (_name, bytes) => {
    const server = await serve((socket) => socket.write(bytes));
    const pool = poolOf(server.origin);
    for (let i = 0; i < 2; i += 1) expect(await ask(pool)).toMatchObject({ body: 'ok', carried: 0 });
  });

  /** A pool with as many idle connections. */
  async function idleConnections(server: RawServer, count: number, idleMs = 60_000): Promise<Pool> {
    const pool = poolOf(server.origin, { idleMs });
    await Promise.all(Array.from({ length: count }, () => ask(pool)));
    expect(server.sockets).toHaveLength(count);
    return pool;
  }

  it('takes turns with others of its group', async () => {
    const pool = await idleConnections(await serve((socket) => socket.write(ok)), 3);
    const carried: number[] = [];
    for (let i = 0; i < 6; i += 1) carried.push((await ask(pool)).carried);
    expect(carried).toEqual([1, 1, 1, 2, 2, 2]);
  });

  it('takes no turns after a long rest, so that those that are not needed end', async () => {
    const pool = await idleConnections(await serve((socket) => socket.write(ok)), 3, 4_000);
    await setTimeout(600);
    const carried: number[] = [];
    for (let i = 0; i < 3; i += 1) carried.push((await ask(pool)).carried);
    expect(carried).toEqual([1, 2, 3]);
  });

  it('rests when a second response arrives, which closes it instead of going to the next request', async () => {
    let faulty: Socket | null = null;
    const server = await serve((socket, request) => {
      if (request === 3) faulty = socket.setNoDelay(true);
      // The second response to request 3 leaves when the next request has arrived.
      if (request === 4) faulty!.write(ok.replace('ok', 'no'));
      socket.write(ok);
    });
    const pool = await idleConnections(server, 3);
    for (let i = 0; i < 4; i += 1) expect(await ask(pool)).toMatchObject({ body: 'ok', error: null });
    expect(server.sockets.filter(({ destroyed }) => destroyed)).toEqual([faulty]);
  });

  it('is closed after its idle time', async () => {
    const server = await serve((socket) => socket.write(ok));
    const pool = poolOf(server.origin, { idleMs: 50 });
    await ask(pool);
    await once(server.sockets[0]!, 'close');
    expect(await ask(pool)).toMatchObject({ body: 'ok', carried: 0 });
  });

  it.each(['DELETE', 'POST'])(
    'reports that a %s was not written when the connection ends in the same turn',
    async (method) => {
      const server = await serve((socket) => socket.write(ok));
      const pool = poolOf(server.origin);
      await ask(pool);
      const noted = new Noted();
      // The request leaves when the next turn ends, and the end of the connection is read in that turn.
      setImmediate(() => {
        pool.dispatch({ ...get, method }, noted);
        server.sockets[0]!.destroy();
      });
      await noted.ended;
      expect(noted).toMatchObject({ error: 'closed', carried: 1, control: { unsent: true } });
      expect(server.received.join()).not.toContain(method);
    },
  );

  it('reports that a request was written when the connection ends after that', async () => {
    const server = await serve((socket, request) => (request === 0 ? socket.write(ok) : socket.destroy()));
    const pool = poolOf(server.origin);
    await ask(pool);
    const noted = await ask(pool, { ...get, method: 'DELETE' });
    expect(noted).toMatchObject({ error: 'closed', carried: 1, control: { unsent: false } });
  });

  it('is exclusive if requested', async () => {
    const server = await serve((socket) => socket.write(ok));
    const pool = poolOf(server.origin);
    await ask(pool);
    const noted = new Noted();
    pool.dispatchAlone(get, noted);
    await noted.ended;
    expect(noted).toMatchObject({ body: 'ok', carried: 0 });
    expect(server.received[1]).toContain('\r\nconnection: close\r\n');
  });

  it('takes no place from queued requests while it is exclusive', async () => {
    const server = await serve((socket, request) => request > 0 && socket.write(ok));
    const pool = poolOf(server.origin, { connections: 1 });
    const handshake = new Noted();
    pool.dispatchAlone({ ...get, upgrade: true }, handshake);
    await vi.waitFor(() => expect(server.received).toHaveLength(1));
    await vi.waitFor(() => expect(server.received[0]).not.toBe(''));
    expect(await ask(pool)).toMatchObject({ body: 'ok', error: null });
  });
});

describe('a request', () => {
  it.each<[string, Partial<OutgoingRequest>]>([
    ['with a line end in its path', { path: '/a\r\nX: y' }],
    ['with a blank line in its path', { path: '/a HTTP/1.1\r\n\r\nGET /b' }],
    ['with a line end in a value', { headers: ['host', 'a.test', 'x', 'y\r\nz: 1'] }],
    ['with a bare LF in a value', { headers: ['host', 'a.test', 'x', 'y\nz: 1'] }],
    ['with a bare CR in a value', { headers: ['host', 'a.test', 'x', 'y\rz'] }],
    ['with a NUL', { headers: ['host', 'a.test', 'x', 'y\0z'] }],
    ['with a form feed in its path', { path: '/a\x0cHTTP/1.1' }],
    ['with a character beyond Latin-1', { headers: ['host', 'a.test', 'x', '\u0142'] }],
    ['with a line end in a name', { headers: ['host', 'a.test', 'x: 1\r\ny', 'z'] }],
  ])('%s is never sent', async (_name, odd) => {
    const server = await serve((socket) => socket.write(ok));
    const pool = poolOf(server.origin);
    expect(await ask(pool, { ...get, ...odd })).toMatchObject({ error: 'unsendable' });
    expect(await ask(pool)).toMatchObject({ body: 'ok' });
    expect(server.received.join('')).toBe('GET /a HTTP/1.1\r\nhost: a.test\r\nconnection: keep-alive\r\n\r\n');
  });

  it.each([
    ['with a length', ['content-length', '6'], 'abcdef'],
    ['with chunks', [], '3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n'],
  ])('%s carries its body', async (_name, headers, expected) => {
    const server = await serve(() => {});
    const noted = new Noted();
    const pool = poolOf(server.origin);
    pool.dispatch(
      {
        method: 'DELETE',
        path: '/a',
        headers: ['host', 'a.test', ...headers],
        body: partsOf(Readable.from([Buffer.from('abc'), Buffer.from('def')])),
        upgrade: false,
        group: 'a',
      },
      noted,
    );
    await vi.waitFor(() => expect(server.received[0]?.split('\r\n\r\n').slice(1).join('\r\n\r\n')).toBe(expected));
    server.sockets[0]!.write(ok);
    await noted.ended;
    expect(noted).toMatchObject({ body: 'ok', error: null });
    expect(
      await Promise.all([ask(pool), once(server.sockets[0]!, 'data').then(() => server.sockets[0]!.write(ok))]),
    ).toMatchObject([{ carried: 1 }, true]);
  });

  it('releases the memory of a large part once it is written, not before', async () => {
    const server = await serve(() => {});
    const body = new Readable({ read() {}, highWaterMark: 64 * 1024 * 1024 });
    const parts = Array.from({ length: 200 }, (_, index) => {
      const part = Buffer.allocUnsafeSlow(index % 50 === 0 ? 1_000 : 64 * 1024).fill(`${index % 10}`);
      return { part, text: part.toString('latin1') };
    });
    const whole = `now${parts.map(({ text }) => text).join('')}`;
    const { length } = whole;
    body.push('now');
    const request: OutgoingRequest = {
      method: 'PUT',
      path: '/a',
      headers: ['host', 'a.test', 'content-length', `${length}`],
      body: partsOf(body),
      upgrade: false,
      group: 'a',
    };
    poolOf(server.origin).dispatch(request, new Noted());
    await vi.waitFor(() => expect(server.received[0]).toMatch(/now$/));
    server.sockets[0]!.pause();
    for (const { part } of parts) body.push(part);
    body.push(null);
    await vi.waitFor(() => expect(parts[1]!.part.buffer).toMatchObject({ detached: true }));
    // The target does not read, and the unsent part is still buffered.
    expect(parts.at(-1)!.part.buffer).toMatchObject({ detached: false });
    expect(parts[0]!.part.buffer).toMatchObject({ detached: false });
    server.sockets[0]!.resume();
    await vi.waitFor(() => expect(server.received[0]!.length).toBeGreaterThan(length));
    expect(server.received[0]!.endsWith(`\r\n\r\n${whole}`)).toBe(true);
  });

  it('with a response before the end of its body does not share its connection', async () => {
    const server = await serve((socket) => socket.write(ok));
    const pool = poolOf(server.origin);
    const body = new Readable({ read() {} });
    body.push('abc');
    expect(await ask(pool, { ...get, method: 'POST', body: partsOf(body) })).toMatchObject({ body: 'ok' });
    expect(await ask(pool)).toMatchObject({ body: 'ok', carried: 0 });
  });

  it('waits for its turn, in order', async () => {
    const server = await serve(() => {});
    const pool = poolOf(server.origin, { connections: 1 });
    const all = [1, 2, 3].map((number) => {
      const noted = new Noted();
      pool.dispatch({ ...get, path: `/${number}` }, noted);
      return noted;
    });
    all[1]!.wanted = false;
    for (const [index, noted] of all.entries()) {
      if (index !== 1) {
        await vi.waitFor(() => expect(server.received[0]).toContain(`GET /${index + 1} `));
        server.sockets[0]!.write(ok);
      }
      await noted.ended;
    }
    expect(server.sockets).toHaveLength(1);
    expect(server.received[0]).not.toContain('GET /2');
    expect(all[2]).toMatchObject({ body: 'ok', carried: 1 });
  });

  it('that is cancelled resets its connection, and the next in the queue gets a new one', async () => {
    const server = await serve((socket, request) => void (request > 0 && socket.write(ok)));
    const pool = poolOf(server.origin, { connections: 1 });
    const first = new Noted();
    pool.dispatch(get, first);
    const second = ask(pool);
    await vi.waitFor(() => expect(server.received[0]).toContain('GET'));
    first.control!.abort();
    expect(await second).toMatchObject({ body: 'ok', carried: 0 });
    expect(server.sockets).toHaveLength(2);
  });

  it('fails when no server listens, for every queued request', async () => {
    const server = await serve(() => {});
    for (const { close } of running.splice(0)) await close();
    const pool = poolOf(server.origin, { connections: 1 });
    const all = await Promise.all([ask(pool), ask(pool), ask(pool)]);
    const error = `unreachable: connect ECONNREFUSED ${new URL(server.origin).host}`;
    expect(all.map((each) => [each.error, each.control])).toEqual(Array(3).fill([error, null]));
  });
});

describe('a closing pool', () => {
  it('completes requests in progress and in the queue, and refuses later ones', async () => {
    const server = await serve(() => {});
    const pool = poolOf(server.origin, { connections: 1 });
    const under = ask(pool);
    const inLine = ask(pool);
    await vi.waitFor(() => expect(server.received[0]).toContain('GET'));
    const closed = pool.close();
    const late = ask(pool);
    await vi.waitFor(() => expect(server.received[1]).toContain('connection: close'));
    server.sockets[1]!.write(ok);
    expect(await late).toMatchObject({ body: 'ok' });
    server.sockets[0]!.write(ok);
    expect(await under).toMatchObject({ body: 'ok' });
    await vi.waitFor(() => expect(server.received.join('').split('GET')).toHaveLength(4));
    for (const socket of server.sockets) socket.write(ok);
    expect(await inLine).toMatchObject({ body: 'ok' });
    await closed;
    await vi.waitFor(() => expect(server.sockets.every(({ destroyed }) => destroyed)).toBe(true));
  });

  it('aborts everything when destroyed', async () => {
    const server = await serve(() => {});
    const pool = poolOf(server.origin, { connections: 1 });
    const all = Promise.all([ask(pool), ask(pool)]);
    await vi.waitFor(() => expect(server.received[0]).toContain('GET'));
    await pool.destroy();
    expect((await all).map(({ error }) => error)).toEqual(['closed', 'closed']);
    expect(await ask(pool)).toMatchObject({ error: 'unreachable' });
  });
});
