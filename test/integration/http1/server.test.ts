/**
 * The contract of the HTTP/1 server, tested separately: how connections continue and end, and what is never written.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { DeadlineWheel } from '../../../src/http1/deadline-wheel.ts';
import { maxLingering } from '../../../src/http1/server/lingering-close.ts';
import type { Request } from '../../../src/http1/server/request.ts';
import type { Response } from '../../../src/http1/server/response.ts';
import { createHttp1Server, type Server } from '../../../src/http1/server/server.ts';
import { openRaw, type RawConnection } from '../../support/raw-client.ts';

type Serve = (request: Request, response: Response) => void;

const started: { server: Server; clients: Socket[]; wheel: DeadlineWheel; accepted: Socket[] }[] = [];
afterEach(async () => {
  for (const { server, clients } of started.splice(0)) {
    for (const client of clients) client.destroy();
    await server.drain(0);
  }
});

/** A server, and a client connected to it. */
async function start(serve: Serve): Promise<{ server: Server; port: number; client: RawConnection }> {
  const wheel = new DeadlineWheel(10);
  const accepted: Socket[] = [];
  const server = createHttp1Server<string>({
    limits: {
      headBytes: 16 * 1024,
      headTimeoutMs: 10_000,
      requestTimeoutMs: 10_000,
      keepAliveTimeoutMs: 10_000,
      unreadTimeoutMs: 10_000,
      connections: 2_000,
      requestsPerConnection: 0,
    },
    deadlines: wheel,
    accept(socket) {
      accepted.push(socket);
      return socket.remoteAddress!;
    },
    clientKey: (address) => address,
    onRequest: serve,
    refusal: (fault) =>
      `HTTP/1.1 400 Bad Request\r\ncontent-length: ${fault.length}\r\nconnection: close\r\n\r\n${fault}`,
    hold: () => true,
    release() {},
    onClose() {},
  });
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 }, false);
  const client = await openRaw(port);
  started.push({ server, clients: [client.socket], wheel, accepted });
  return { server, port, client };
}

/** A client that keeps its side open when the server ends its own. */
async function openHalf(port: number, localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true });
  started.at(-1)!.clients.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

const ok: Serve = ({ target }, response) => {
  response.writeHead(200, null, ['content-length', String(target.length)]);
  response.end(target);
};

/** Reads the body and returns it. */
const echo: Serve = ({ body }, response) => {
  const parts: Buffer[] = [];
  const respond = () => {
    const whole = Buffer.concat(parts);
    response.writeHead(200, null, ['content-length', String(whole.length)]);
    response.end(whole);
  };
  if (body === null) respond();
  else body.start({ take: (part) => parts.push(part), end: respond });
};

const get = (target: string, ...fields: string[]) =>
  `GET ${target} HTTP/1.1\r\n${['Host: a', ...fields].join('\r\n')}\r\n\r\n`;
const get10 = (target: string, ...fields: string[]) =>
  `GET ${target} HTTP/1.0\r\n${['Host: a', ...fields].join('\r\n')}\r\n\r\n`;

describe('HTTP/1.0', () => {
  it('ends with the response', async () => {
    const { client } = await start(ok);
    client.write(get10('/a'));
    const response = await client.answer();
    expect([response.text(), response.header('connection')]).toEqual(['/a', 'close']);
    expect(await client.closed()).toBe('end');
  });

  it('continues if requested and the length is known', async () => {
    const { client } = await start(ok);
    for (const target of ['/a', '/b']) {
      client.write(get10(target, 'Connection: keep-alive'));
      const response = await client.answer();
      expect([response.text(), response.header('connection')]).toEqual([target, 'keep-alive']);
    }
  });

  it('has no chunks: a body of unknown length ends with the connection', async () => {
    const { client } = await start((_request, response) => {
      response.writeHead(200, null, []);
      response.write(Buffer.from('one '));
      response.end('two');
    });
    client.write(get10('/', 'Connection: keep-alive'));
    expect(await client.closed()).toBe('end');
    const response = await client.answer();
    expect([response.text(), response.header('transfer-encoding')]).toEqual(['one two', undefined]);
  });
});

describe('100 Continue (RFC 9110 section 10.1.1)', () => {
  const head = (version: string) =>
    `POST / ${version}\r\nHost: a\r\nConnection: keep-alive\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`;
  const eager: Serve = (request, response) => {
    if (request.body !== null) {
      response.writeContinue();
      response.writeContinue();
    }
    echo(request, response);
  };

  it('is sent once', async () => {
    const { client } = await start(eager);
    client.write(head('HTTP/1.1'));
    await vi.waitFor(() => expect(client.unread().toString()).toContain('100'));
    client.write('hi');
    expect((await client.answer()).text()).toBe('hi');
    expect(client.interim.map(({ status }) => status)).toEqual([100]);
    client.write(get('/'));
    expect((await client.answer()).status).toBe(200);
  });

  it('is not sent to a client that already sends its body', async () => {
    const { client } = await start(eager);
    client.write(`${head('HTTP/1.1')}hi${get('/next')}`);
    expect((await client.answer()).text()).toBe('hi');
    expect((await client.answer()).status).toBe(200);
    expect(client.interim).toEqual([]);
  });

  it('is never sent to HTTP/1.0', async () => {
    const { client } = await start(eager);
    client.write(`${head('HTTP/1.0')}hi`);
    expect((await client.answer()).text()).toBe('hi');
    expect(client.interim).toEqual([]);
  });

  it('that was not sent ends the connection, because the body may follow or not', async () => {
    const { client } = await start(ok);
    client.write(head('HTTP/1.1'));
    const response = await client.answer();
    expect([response.text(), response.header('connection')]).toEqual(['/', 'close']);
    expect(client.interim).toEqual([]);
    await client.closed();
  });
});

describe('the end of a refused connection', () => {
  const now = performance.now.bind(performance);
  let aheadMs = 0;
  beforeEach(() => {
    aheadMs = 0;
  });
  const pass = (ms: number) => {
    aheadMs += ms;
    vi.spyOn(performance, 'now').mockImplementation(() => now() + aheadMs);
  };
  /** The server has received this many bytes of the last client, and every deadline so far has been due. */
  async function settle(bytes: number): Promise<void> {
    const { wheel, accepted } = started.at(-1)!;
    await vi.waitFor(() => expect(accepted.at(-1)!.bytesRead).toBe(bytes), { interval: 1 });
    await new Promise<void>((resolve) => {
      const due = { deadlineAt: 0, earlier: null, later: null, onDeadline: resolve };
      wheel.schedule(due, performance.now());
    });
  }

  /** A client that was refused, and leaves its side open. */
  async function refused(port: number, localAddress?: string): Promise<Socket> {
    const socket = await openHalf(port, localAddress);
    socket.resume();
    socket.write('bad\0');
    await once(socket, 'end');
    return socket;
  }

  const send = (socket: Socket, bytes: number) =>
    new Promise<void>((resolve, reject) => {
      socket.write(Buffer.alloc(bytes), (error) => (error == null ? resolve() : reject(error)));
    });

  it('lets a client read the refusal after everything that it sends', async () => {
    const { port, client } = await start(ok);
    client.destroy();
    const socket = await openHalf(port);
    socket.pause();
    socket.write('bad\0\r\n\r\n');
    // More than the buffers of the system, so the server has read most of it.
    for (let sent = 0; sent < 32; sent += 1) await send(socket, 1024 * 1024);
    socket.end();
    expect(Buffer.concat(await socket.toArray()).toString()).toMatch(/^HTTP\/1.1 400 .*malformed$/s);
  });

  it('comes after five seconds without bytes', async () => {
    const { server, port, client } = await start(ok);
    client.destroy();
    const socket = await refused(port);
    for (let sent = 0; sent < 3; sent += 1) {
      pass(4_000);
      await send(socket, 1);
      await settle('bad\0'.length + sent + 1);
      expect(server.connections).toBe(1);
    }
    pass(5_000);
    await vi.waitFor(() => expect(server.connections).toBe(0), { interval: 10 });
    expect(server.ended.lingering).toBe(0);
  });

  it('comes after thirty seconds, whatever the client sends', async () => {
    const { server, port, client } = await start(ok);
    client.destroy();
    const socket = await refused(port);
    for (let sent = 0; sent < 7; sent += 1) {
      pass(4_000);
      await send(socket, 1);
      await settle('bad\0'.length + sent + 1);
    }
    expect(server.connections).toBe(1);
    pass(2_000);
    await vi.waitFor(() => expect(server.connections).toBe(0), { interval: 10 });
    expect(server.ended.lingering).toBe(1);
  });

  it('comes first to the oldest of the client with the most of a thousand', async () => {
    const { server, port, client } = await start(ok);
    client.destroy();
    // No time passes.
    const since = now();
    vi.spyOn(performance, 'now').mockImplementation(() => since);
    const other = await refused(port, '127.0.0.9');
    const oldest = await refused(port);
    await Promise.all(
      Array.from({ length: maxLingering - 2 }, (_, index) =>
        refused(port, index < maxLingering / 2 ? '127.0.0.1' : '127.0.0.2'),
      ),
    );
    expect([server.connections, server.ended.lingering]).toEqual([maxLingering, 0]);
    const last = await refused(port, '127.0.0.2');
    await vi.waitFor(() => expect([server.connections, server.ended.lingering]).toEqual([maxLingering, 1]));
    // A client notices a reset only on its next write.
    const writing = setInterval(() => {
      for (const socket of [other, last, oldest]) socket.write('x');
    }, 5);
    await once(oldest, 'error');
    clearInterval(writing);
    expect([other.destroyed, last.destroyed]).toEqual([false, false]);
  });

  it('does not prolong a drain', async () => {
    const { server, port, client } = await start(ok);
    client.destroy();
    const socket = await refused(port);
    const from = now();
    const sending = setInterval(() => socket.write('x'), 5);
    await server.drain(300);
    clearInterval(sending);
    expect(now() - from).toBeLessThan(2_000);
    expect(server.connections).toBe(0);
  });

  it('comes five seconds after the start of a drain, whatever the client sends', async () => {
    const { server, port, client } = await start(ok);
    client.destroy();
    const before = await refused(port);
    const during = await openHalf(port);
    const drained = server.drain(60_000);
    during.resume().write('bad\0');
    await once(during, 'end');
    pass(4_000);
    for (const socket of [before, during]) await send(socket, 1);
    await settle('bad\0'.length + 1);
    expect(server.connections).toBe(2);
    const sending = setInterval(() => {
      for (const socket of [before, during]) socket.write('x');
    }, 100);
    pass(1_000);
    await vi.waitFor(() => expect(server.connections).toBe(0), { interval: 10 });
    clearInterval(sending);
    await drained;
  });
});

describe('a response before the end of the body', () => {
  it.each([
    ['a long rest', 'Content-Length: 100000', 'close'],
    ['a rest of unknown length', 'Transfer-Encoding: chunked', 'close'],
    ['a short rest', 'Content-Length: 1000', 'keep-alive'],
  ])('announces what follows: %s', async (_name, framing, connection) => {
    const { client } = await start(ok);
    client.write(`POST /early HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`);
    expect((await client.answer('POST')).header('connection')).toBe(connection);
    if (connection === 'close') {
      await client.closed();
      return;
    }
    client.write(`${'x'.repeat(1000)}${get('/next')}`);
    expect((await client.answer()).text()).toBe('/next');
  });
});

describe('a client that half-closes', () => {
  it('after a request gets the response', async () => {
    const requests: (() => void)[] = [];
    const { port } = await start((request, response) => requests.push(() => ok(request, response)));
    const half = await openHalf(port);
    half.end(get('/late'));
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    requests[0]!();
    expect(Buffer.concat(await half.toArray()).toString('latin1')).toMatch(/^HTTP\/1.1 200 OK\r\n.*\/late$/s);
  });

  it.each([
    ['a body by length', 'Content-Length: 10\r\n\r\nhalf'],
    ['a body in chunks', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
    ['the end of chunks', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n'],
  ])('in %s ends the request, and the body never looks complete', async (_name, rest) => {
    const told: string[] = [];
    const { port } = await start(({ body }, response) => {
      response.events = { requestFailed() {}, drained() {}, closed: () => told.push('closed') };
      body!.start({ take: (part) => told.push(part.toString()), end: () => told.push('end') });
    });
    const half = await openHalf(port);
    half.end(`POST / HTTP/1.1\r\nHost: a\r\n${rest}`);
    expect(Buffer.concat(await half.toArray()).toString('latin1')).toBe('');
    await vi.waitFor(() => expect(told).toEqual(['half', 'closed']));
  });
});

test('requests of one connection are served one at a time', async () => {
  const requests: { target: string; respond: () => void }[] = [];
  const { client } = await start((request, response) =>
    requests.push({ target: request.target, respond: () => ok(request, response) }),
  );
  client.write(get('/1') + get('/2') + get('/3'));
  for (const target of ['/1', '/2', '/3']) {
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    const [request] = requests.splice(0);
    expect(request!.target).toBe(target);
    request!.respond();
    expect((await client.answer()).text()).toBe(target);
  }
});

test('a draining server serves connected clients that have not sent anything yet, and closes idle ones', async () => {
  const { server, port, client: fresh } = await start(ok);
  const idle = await openRaw(port);
  idle.write(get('/idle'));
  await idle.answer();
  const drained = server.drain(5_000);
  expect(await idle.closed()).toBe('end');
  fresh.write(get('/fresh'));
  const response = await fresh.answer();
  expect([response.text(), response.header('connection')]).toEqual(['/fresh', 'close']);
  await fresh.closed();
  await drained;
  expect(server.connections).toBe(0);
});

describe('an upgrade', () => {
  const handshake = get('/', 'Connection: Upgrade', 'Upgrade: websocket');

  it('hands over early bytes in order, before later ones', async () => {
    const { server, client } = await start(({ upgrade }, response) => {
      expect(upgrade).toBe('websocket');
      // The service responds after a delay.
      setImmediate(() => {
        const { socket, early } = response.upgrade(['upgrade', 'websocket', 'connection', 'Upgrade']);
        socket.write(early);
        socket.pipe(socket);
      });
    });
    client.write(`${handshake}early `);
    expect((await client.answer()).status).toBe(101);
    expect(server.tunnels).toBe(1);
    client.write('late');
    await vi.waitFor(() => expect(client.unread().toString()).toBe('early late'));
  });

  it('tolerates a reset by the client at any time', async () => {
    const { server, client } = await start((_request, response) => {
      const { socket } = response.upgrade(['upgrade', 'websocket', 'connection', 'Upgrade']);
      socket.resume();
    });
    client.write(handshake);
    expect((await client.answer()).status).toBe(101);
    expect([server.tunnels, server.connections]).toEqual([1, 1]);
    client.socket.resetAndDestroy();
    await vi.waitFor(() => expect([server.tunnels, server.connections]).toEqual([0, 0]));
  });

  it('that is ignored ends the connection with the response, and early bytes are not parsed as a request', async () => {
    const targets: string[] = [];
    const { client } = await start((request, response) => {
      targets.push(request.target);
      ok(request, response);
    });
    client.write(handshake + get('/smuggled'));
    const response = await client.answer();
    expect([response.status, response.header('connection')]).toEqual([200, 'close']);
    await client.closed();
    expect(targets).toEqual(['/']);
  });
});

describe('the head of a response', () => {
  it.each<[string, string | null, string[]]>([
    ['CR LF in a value', null, ['x-a', 'b\r\nx-injected: c']],
    ['LF in a value', null, ['x-a', 'b\nx-injected: c']],
    ['CR in a value', null, ['x-a', 'b\rx-injected: c']],
    ['NUL in a value', null, ['x-a', 'b\0c']],
    ['a vertical tab in a value', null, ['x-a', 'b\x0bx-injected: c']],
    ['a record separator in a value', null, ['x-a', 'b\x1ex-injected: c']],
    ['a character beyond Latin-1 in a value', null, ['x-a', '\u010d\u010a']],
    ['CR LF in a name', null, ['x-a: b\r\nx-injected', 'c']],
    ['CR LF in the reason phrase', 'OK\r\nx-injected: c', []],
  ])('with %s is not written', async (_name, statusText, headers) => {
    let refused: unknown = null;
    const { client } = await start((_request, response) => {
      try {
        response.writeHead(200, statusText, [...headers, 'content-length', '0']);
      } catch (error) {
        refused = error;
        response.writeHead(500, null, ['content-length', '0']);
      }
      response.end();
    });
    client.write(get('/', 'Connection: close'));
    await client.closed();
    expect(refused).toBeInstanceOf(TypeError);
    expect(client.unread().toString('latin1')).toMatch(/^HTTP\/1.1 500 Internal Server Error\r\n(?!.*injected)/s);
  });

  it('of an upgrade is checked as well', async () => {
    let refused: unknown = null;
    const { client } = await start((_request, response) => {
      try {
        response.upgrade(['x-a', 'b\r\nx-injected: c']);
      } catch (error) {
        refused = error;
        response.writeHead(502, null, ['content-length', '0']);
        response.end();
      }
    });
    client.write(get('/', 'Connection: Upgrade', 'Upgrade: websocket'));
    expect((await client.answer()).status).toBe(502);
    expect(refused).toBeInstanceOf(TypeError);
  });

  it('has one date, its own or that of the server', async () => {
    const { client } = await start(({ target }, response) => {
      response.writeHead(200, null, ['content-length', '0', ...(target === '/own' ? ['Date', 'today'] : [])]);
      response.end();
    });
    const dates = async (target: string) => {
      client.write(get(target));
      return (await client.answer()).headers('date');
    };
    expect(await dates('/own')).toEqual(['today']);
    const [date, ...more] = await dates('/none');
    expect(more).toEqual([]);
    expect(Math.abs(Date.parse(date!) - Date.now())).toBeLessThan(60_000);
  });

  it.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('to %s with %d has no body', async (method, status) => {
    const { client } = await start((request, response) => {
      if (request.target === '/next') return ok(request, response);
      response.writeHead(status, null, []);
      response.write(Buffer.from('HTTP/1.1 200 OK\r\n'));
      response.end('body');
    });
    client.write(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n${get('/next', 'Connection: close')}`);
    await client.closed();
    const [first, second, ...more] = client
      .unread()
      .toString('latin1')
      .split(/(?=HTTP\/1.1 )/);
    expect(first).toMatch(/\r\n\r\n$/);
    expect(second).toMatch(/\r\n\r\n\/next$/);
    expect(more).toEqual([]);
  });
});
