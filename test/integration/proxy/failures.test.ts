/**
 * Failing upstreams and disconnecting clients: nothing truncated looks complete, nothing waits forever, nothing leaks.
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { compileResponseRules } from '../../../src/core/forwarding/response-rules.ts';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { type Misbehavior, startMisbehavingServer } from '../../support/misbehaving-server.ts';
import { openRaw, type RawAnswer, sendRaw, sendRawUntilClose } from '../../support/raw-client.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { type ProxySetup, type RunningProxy, startProxy } from '../../support/running-proxy.ts';

const running = closedAfterEach();

async function inFront(behavior: Misbehavior, setup: Partial<ProxySetup> = {}) {
  const upstream = await startMisbehavingServer(behavior);
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin], ...setup });
  running.push(proxy);
  return { upstream, proxy, port: proxy.port };
}

/** An origin where no server listens. */
async function nobody(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

const get = 'GET /a HTTP/1.1\r\nHost: api.test\r\n\r\n';
const post = 'POST /a HTTP/1.1\r\nHost: api.test\r\nContent-Length: 5\r\n\r\nhello';

function expectRefusal(answer: RawAnswer, status: number, code: string, target: string): void {
  expect([answer.status, answer.complete]).toEqual([status, true]);
  expect(answer.header('x-error-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(JSON.parse(answer.text())).toMatchObject({ code, errorId: answer.header('x-error-id') });
  // Neither an address nor the text of an error.
  expect(answer.rawHeaders.join() + answer.text()).not.toMatch(/127\.0\.0\.1|ECONN|UND_|socket|HPE_/);
  // A random id may contain the digits of a port.
  expect(answer.text().replace(answer.header('x-error-id')!, '')).not.toContain(target.slice(-5));
}

async function lastRecord(proxy: RunningProxy, count = 1) {
  await vi.waitFor(() => expect(proxy.records).toHaveLength(count));
  return proxy.records[count - 1]!;
}

describe('an invalid response on a connection that stays open', () => {
  it.each<[string, string, string]>([
    ['lines that end with LF', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nhi', 'line_end at line 1, column 16'],
    [
      'a later line that ends with LF',
      'HTTP/1.1 200 OK\r\nA: b\nContent-Length: 0\r\n',
      'line_end at line 2, column 5',
    ],
    ['another protocol', '220 mail.test ESMTP\r\n', 'status_line at line 1'],
    ['a control character', 'HTTP/1.1 200 OK\r\nSet-Cookie: secret\x01\r\n\r\n', 'field_value at line 2, column 19'],
    ['a malformed chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc', 'chunk_end in the body'],
  ])('%s: refused at once, with the rule and the place as its cause', async (_name, bytes, place) => {
    const { port, proxy } = await inFront({ kind: 'writes', bytes: Buffer.from(bytes, 'latin1') });
    const startedAt = performance.now();
    const answer = await sendRaw(port, get);
    // The timeout of the route is 5 s.
    expect(performance.now() - startedAt).toBeLessThan(2_500);
    expect(answer.status).toBe(502);
    expect(await lastRecord(proxy)).toMatchObject({
      reason: 'upstream_response_invalid',
      cause: { code: 'response_invalid', message: `response_invalid: ${place}` },
    });
  });
});

describe('a fault of the gateway while it forwards a response', () => {
  const fine: Misbehavior = { kind: 'writes', bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi' };

  it('in the head is internal_error, never the fault of the service', async () => {
    const evict = () => {
      throw new Error('a fault of the gateway');
    };
    const { port, proxy, upstream } = await inFront(fine, {
      route: { evict: [] },
      runtime: (runtime) => ({ ...runtime, evictions: { ...runtime.evictions, evict } }),
    });
    expectRefusal(await sendRaw(port, get), 500, 'internal_error', upstream.origin);
    expect(await lastRecord(proxy)).toMatchObject({
      reason: 'internal_error',
      cause: { message: 'a fault of the gateway' },
    });
  });

  it('in what it writes is internal_error as well', async () => {
    const response = compileResponseRules({ security: 'off', set: new Map([['vary', 'b\nc']]), remove: [] });
    const { port, proxy, upstream } = await inFront(fine, { route: { response } });
    expectRefusal(await sendRaw(port, get), 500, 'internal_error', upstream.origin);
    expect(await lastRecord(proxy)).toMatchObject({ reason: 'internal_error', cause: { name: 'TypeError' } });
  });
});

describe('an upstream that fails before it responds', () => {
  const garbage = (bytes: string): Misbehavior => ({ kind: 'writes', bytes, afterwards: 'end' });

  it.each<[string, Misbehavior, number, string]>([
    ['resets after the request', { kind: 'resets', at: 'request' }, 502, 'upstream_failed'],
    ['hangs up', { kind: 'hangs-up' }, 502, 'upstream_failed'],
    ['sends bytes that are not HTTP', garbage('SSH-2.0-OpenSSH_9.6\r\n\r\n'), 502, 'upstream_response_invalid'],
    ['sends a truncated head', garbage('HTTP/1.1 200 OK\r\ncontent-le'), 502, 'upstream_response_invalid'],
    [
      'declares two lengths',
      garbage('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx'),
      502,
      'upstream_response_invalid',
    ],
    [
      'declares a length and chunks',
      garbage('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'),
      502,
      'upstream_response_invalid',
    ],
    [
      'sends endless headers',
      garbage(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`),
      502,
      'upstream_response_invalid',
    ],
    [
      'upgrades without a request',
      garbage('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'),
      502,
      'upstream_response_invalid',
    ],
    [
      'sends 101 without an upgrade',
      garbage('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
      502,
      'upstream_response_invalid',
    ],
  ])('%s', async (_name, behavior, status, code) => {
    const { port, proxy, upstream } = await inFront(behavior);
    for (const [request, method] of [
      [get, 'GET'],
      [post, 'POST'],
    ] as const) {
      expectRefusal(await sendRaw(port, request, method), status, code, upstream.origin);
    }
    expect(await lastRecord(proxy, 2)).toMatchObject({ reason: code, status, target: upstream.origin, cut: false });
    expect(proxy.records[1]?.cause).toBeDefined();
  });

  it('resets the connection when it is opened', async () => {
    const { port, proxy, upstream } = await inFront({ kind: 'resets', at: 'connect' });
    const answer = await sendRaw(port, post);
    await lastRecord(proxy);
    // It is random whether the request had been sent by then.
    expect(proxy.records[0]?.reason).toMatch(/^upstream_(failed|unreachable)$/);
    expectRefusal(answer, 502, proxy.records[0]!.reason!, upstream.origin);
  });

  it("never responds: 504 after the route's timeout, and the upstream connection is closed", async () => {
    const { port, upstream } = await inFront({ kind: 'never-answers' }, { route: { timeoutMs: 150 } });
    const start = performance.now();
    expectRefusal(await sendRaw(port, get), 504, 'upstream_timeout', upstream.origin);
    expect(performance.now() - start).toBeGreaterThanOrEqual(140);
    expectRefusal(await sendRaw(port, post), 504, 'upstream_timeout', upstream.origin);
    await vi.waitFor(() => expect(upstream.open()).toBe(0));
  });

  it('responds late, but in time', async () => {
    const { port } = await inFront({ kind: 'delays', delayMs: 150 }, { route: { timeoutMs: 2_000 } });
    expect((await sendRaw(port, get)).text()).toBe('late');
  });

  it('waits in the queue for a bounded time, and does not reach the upstream afterwards', async () => {
    const { port, upstream } = await inFront(
      { kind: 'never-answers' },
      {
        route: { timeoutMs: 200, bodyBufferBytes: 0 },
        upstream: { connections: 1, queue: { length: 9, waitMs: 200 } },
      },
    );
    // Occupies the only connection: a trickling body keeps it alive beyond the timeout of the queued request.
    const holder = await openRaw(port);
    holder.write(post.replace('Content-Length: 5', 'Content-Length: 1000'));
    await vi.waitFor(() => expect(upstream.open()).toBe(1));
    const trickle = setInterval(() => holder.write('x'), 20);
    try {
      expectRefusal(await sendRaw(port, get.replace('/a', '/queued')), 503, 'upstream_busy', upstream.origin);
    } finally {
      clearInterval(trickle);
      holder.destroy();
    }
    // The next one gets the connection: the queued one, if still there, would have been first.
    expect((await sendRaw(port, get.replace('/a', '/next'))).status).toBe(504);
    const received = Buffer.concat(upstream.received).toString();
    expect(received).toContain('/next');
    expect(received).not.toContain('/queued');
  });

  it('is at capacity when its queue is full', async () => {
    const { port, proxy } = await inFront(
      { kind: 'never-answers' },
      { upstream: { connections: 1, queue: { length: 8, waitMs: 5_000 } } },
    );
    const waiting = await Promise.all(Array.from({ length: 9 }, () => openRaw(port)));
    for (const connection of waiting) connection.write(get);
    await vi.waitFor(() => expect(proxy.proxy.inFlight).toBe(9));
    const answer = await sendRaw(port, get);
    expect([answer.status, answer.header('retry-after')]).toEqual([503, '1']);
    for (const connection of waiting) connection.destroy();
    await vi.waitFor(() => expect(proxy.proxy.inFlight).toBe(0));
  });
});

describe('a client with a slow body', () => {
  it('gets 408, not 504', async () => {
    const { port } = await inFront({ kind: 'never-answers' }, { route: { timeoutMs: 150 } });
    const connection = await openRaw(port);
    connection.write('POST /a HTTP/1.1\r\nHost: api.test\r\nContent-Length: 5\r\n\r\nhe');
    expect((await connection.answer('POST')).status).toBe(408);
    await connection.closed();
  });

  it("has the route's timeout after each part of the body", async () => {
    const upstream = await startRecordingUpstream();
    running.push(upstream);
    const proxy = await startProxy({ targets: [upstream.origin], route: { timeoutMs: 2_000 } });
    running.push(proxy);
    const connection = await openRaw(proxy.port);
    connection.write('POST /a HTTP/1.1\r\nHost: api.test\r\nContent-Length: 4\r\n\r\n');
    for (const part of ['1', '2', '3', '4']) {
      await new Promise((resolve) => setTimeout(resolve, 700));
      connection.write(part);
    }
    expect((await connection.answer('POST')).status).toBe(200);
    connection.destroy();
    expect(upstream.last().body.toString()).toBe('1234');
  });
});

describe('an unreachable upstream', () => {
  it('is 502 if it is the only target', async () => {
    const target = await nobody();
    const proxy = await startProxy({ targets: [target] });
    running.push(proxy);
    expectRefusal(await sendRaw(proxy.port, post, 'POST'), 502, 'upstream_unreachable', target);
    expect(await lastRecord(proxy)).toMatchObject({ reason: 'upstream_unreachable', target });
  });

  it.each([
    ['GET', get],
    ['POST', post],
  ])('makes a %s try the next target, including its body', async (method, request) => {
    const upstream = await startRecordingUpstream();
    running.push(upstream);
    const proxy = await startProxy({ targets: [await nobody(), await nobody(), upstream.origin] });
    running.push(proxy);
    for (let i = 0; i < 3; i += 1) expect((await sendRaw(proxy.port, request, method)).status).toBe(200);
    expect(upstream.requests).toHaveLength(3);
    if (method === 'POST') expect(upstream.requests.map(({ body }) => body.toString())).toEqual(Array(3).fill('hello'));
  });
});

describe('a kept connection that the service closed', () => {
  /**
   * Responds to the first request on each connection and resets at the second, except for connections after `resets`.
   */
  async function forgetful(resets: number): Promise<{ origin: string; seen: string[] }> {
    const seen: string[] = [];
    let count = 0;
    const server = createServer((socket) => {
      count += 1;
      const forgets = count <= resets;
      let requests = 0;
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        requests += 1;
        seen.push(chunk.toString().slice(0, chunk.indexOf(' ')));
        if (forgets && requests > 1) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    running.push({ close: async () => void server.close() });
    return { origin: `http://127.0.0.1:${(server.address() as { port: number }).port}`, seen };
  }

  it('costs a GET nothing: it is sent once more, on a fresh connection', async () => {
    const service = await forgetful(1);
    const proxy = await startProxy({ targets: [service.origin], upstream: { connections: 1 } });
    running.push(proxy);
    expect((await sendRaw(proxy.port, get)).status).toBe(200);
    expect((await sendRaw(proxy.port, get)).status).toBe(200);
    expect(service.seen).toEqual(['GET', 'GET', 'GET']);
  });

  it('is never retried with a body', async () => {
    const service = await forgetful(1);
    const proxy = await startProxy({ targets: [service.origin], upstream: { connections: 1 } });
    running.push(proxy);
    expect((await sendRaw(proxy.port, get)).status).toBe(200);
    expect((await sendRaw(proxy.port, post)).status).toBe(502);
    expect(service.seen).toEqual(['GET', 'POST']);
  });

  it.each([
    ['DELETE', 'DELETE /a HTTP/1.1\r\nHost: api.test\r\n\r\n'],
    ['POST without a body', 'POST /a HTTP/1.1\r\nHost: api.test\r\nContent-Length: 0\r\n\r\n'],
  ])('costs an unsent %s nothing, and never causes a retry of a sent one', async (_name, request) => {
    const sockets: Socket[] = [];
    const seen: string[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.on('data', (bytes) => {
        seen.push(`${sockets.indexOf(socket)}: ${bytes.toString().split('\r\n')[0]}`);
        if (seen.length === 4) socket.destroy();
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    running.push({ close: async () => void server.close() });
    const { port } = server.address() as { port: number };
    const proxy = await startProxy({ targets: [`http://127.0.0.1:${port}`], upstream: { connections: 1 } });
    running.push(proxy);
    const client = await openRaw(proxy.port);
    client.write(get);
    expect((await client.answer()).status).toBe(200);
    // The gateway reads both in one turn: the request first, and the end of the connection before it wrote to it.
    setImmediate(() => {
      client.write(request);
      sockets[0]!.destroy();
    });
    expect((await client.answer()).status).toBe(200);
    expect(seen.map((line) => line.slice(0, 6))).toEqual(['0: GET', `1: ${request.slice(0, 3)}`]);
    // That connection was its own.
    client.write(get);
    expect((await client.answer()).status).toBe(200);
    client.write(request);
    expect((await client.answer()).status).toBe(502);
    expect(seen).toHaveLength(4);
    client.destroy();
  });

  it('is retried only once', async () => {
    let requests = 0;
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => {
        requests += 1;
        if (requests > 1) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    running.push({ close: async () => void server.close() });
    const { port } = server.address() as { port: number };
    const proxy = await startProxy({ targets: [`http://127.0.0.1:${port}`] });
    running.push(proxy);
    expect((await sendRaw(proxy.port, get)).status).toBe(200);
    expect((await sendRaw(proxy.port, get)).status).toBe(502);
    expect(requests).toBe(3);
  });
});

describe('a truncated response', () => {
  const cuts: [string, Misbehavior][] = [
    [
      'by its end, with a declared length',
      { kind: 'half-body', sentBytes: 100, promisedBytes: 1_000, afterwards: 'end' },
    ],
    [
      'by a reset, with a declared length',
      { kind: 'half-body', sentBytes: 100, promisedBytes: 1_000, afterwards: 'reset' },
    ],
    ['by its end, chunked', { kind: 'half-body', sentBytes: 100, afterwards: 'end' }],
    ['by a reset, chunked', { kind: 'half-body', sentBytes: 100, afterwards: 'reset' }],
    [
      'by silence, with a declared length',
      { kind: 'half-body', sentBytes: 100, promisedBytes: 1_000, afterwards: 'stall' },
    ],
    ['by silence, chunked', { kind: 'half-body', sentBytes: 100, afterwards: 'stall' }],
  ];

  it.each(cuts)('%s: the client cannot take it for whole', async (_name, behavior) => {
    const { port, proxy } = await inFront(behavior, { route: { idleTimeoutMs: 200 } });
    const { answers } = await sendRawUntilClose(port, get);
    expect(answers.every(({ complete }) => !complete)).toBe(true);
    expect(await lastRecord(proxy)).toMatchObject({ cut: true, aborted: false, status: 200 });
    expect(proxy.proxy.inFlight).toBe(0);
  });

  it.each(cuts)('%s: resets an HTTP/1.0 client', async (_name, behavior) => {
    const { port } = await inFront(behavior, { route: { idleTimeoutMs: 200 } });
    const { answers, closed } = await sendRawUntilClose(port, 'GET /a HTTP/1.0\r\n\r\n');
    if (closed === 'end') expect(answers.every(({ complete }) => !complete)).toBe(true);
    else expect(closed).toBe('reset');
  });

  it('by garbage in its first chunks is a refusal', async () => {
    const bytes = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n';
    const { port, upstream } = await inFront({ kind: 'writes', bytes });
    expectRefusal(await sendRaw(port, get), 502, 'upstream_response_invalid', upstream.origin);
  });

  it.each<[string, string, (socket: Socket) => unknown]>([
    ['by a reset, delimited by its connection', '\r\nsome', (socket) => socket.resetAndDestroy()],
    [
      'by garbage in its later chunks',
      'transfer-encoding: chunked\r\n\r\n4\r\nsome\r\n',
      (socket) => socket.write('zz\r\n'),
    ],
  ])('%s: the client cannot take it for whole', async (_name, bytes, breakOff) => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\n${bytes}`));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    running.push({ close: async () => void server.close() });
    const proxy = await startProxy({ targets: [`http://127.0.0.1:${(server.address() as { port: number }).port}`] });
    running.push(proxy);
    const connection = await openRaw(proxy.port);
    connection.write(get);
    await vi.waitFor(() => expect(connection.unread().toString()).toContain('some'));
    breakOff(sockets[0]!);
    expect((await connection.answer()).complete).toBe(false);
    expect(await lastRecord(proxy)).toMatchObject({ cut: true });
  });
});

describe('a client that disconnects', () => {
  it.each([
    ['before a response', get, { kind: 'never-answers' }],
    ['during a response', get, { kind: 'half-body', sentBytes: 100, promisedBytes: 1_000, afterwards: 'stall' }],
    ['during its body', post.slice(0, -2), { kind: 'never-answers' }],
  ] as const)('%s closes the upstream connection', async (_name, request, behavior) => {
    const { port, upstream, proxy } = await inFront(behavior, { route: { bodyBufferBytes: 0, timeoutMs: 60_000 } });
    const connection = await openRaw(port);
    connection.write(request);
    await vi.waitFor(() => expect(upstream.received[0]?.length ?? 0).toBeGreaterThan(0));
    connection.destroy();
    await vi.waitFor(() => expect(upstream.open()).toBe(0));
    expect(await lastRecord(proxy)).toMatchObject({ aborted: true, cut: false });
    expect(upstream.received[0]?.toString()).not.toContain('\r\n0\r\n\r\n');
  });

  it('while its request is queued: the request never reaches the upstream', async () => {
    const { port, upstream, proxy } = await inFront({ kind: 'never-answers' }, { upstream: { connections: 1 } });
    const first = await openRaw(port);
    first.write(get);
    await vi.waitFor(() => expect(upstream.received).toHaveLength(1));
    const second = await openRaw(port);
    second.write(get.replace('/a', '/queued'));
    await vi.waitFor(() => expect(proxy.proxy.inFlight).toBe(2));
    second.destroy();
    expect(await lastRecord(proxy)).toMatchObject({ aborted: true, path: '/queued', status: 0 });
    // The connection becomes free and serves the next request.
    upstream.behave({ kind: 'writes', bytes: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok' });
    first.destroy();
    expect((await sendRaw(port, get.replace('/a', '/after'))).text()).toBe('ok');
    expect(Buffer.concat(upstream.received).toString()).not.toContain('/queued');
  });

  it('during the call to the Auth API: nothing is forwarded', async () => {
    let settle: () => void = () => {};
    const { port, upstream, proxy } = await inFront(
      { kind: 'never-answers' },
      {
        access: 'authenticated',
        resolve: () =>
          new Promise((resolve) => {
            settle = () =>
              resolve({ identity: null, reason: 'credential_rejected', retryAfterS: null, source: 'auth-api' });
          }),
      },
    );
    const connection = await openRaw(port);
    connection.write(get.replace('\r\n\r\n', '\r\nAuthorization: Bearer x\r\n\r\n'));
    await vi.waitFor(() => expect(proxy.proxy.inFlight).toBe(1));
    connection.destroy();
    expect(await lastRecord(proxy)).toMatchObject({ aborted: true, decision: null });
    settle();
    expect(upstream.received).toHaveLength(0);
  });

  it('leaves no timer or count behind', async () => {
    const { port, proxy } = await inFront({ kind: 'never-answers' });
    const connections = await Promise.all(Array.from({ length: 20 }, () => openRaw(port)));
    for (const connection of connections) connection.write(get);
    await vi.waitFor(() => expect(proxy.wheel.size).toBeGreaterThanOrEqual(20));
    for (const connection of connections) connection.destroy();
    await vi.waitFor(() => expect(proxy.wheel.size).toBe(0));
    expect(proxy.upstreams.get('service').targets[0]?.inFlight).toBe(0);
  });
});
