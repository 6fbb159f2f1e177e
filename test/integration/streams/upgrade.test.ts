/** WebSocket upgrades: decided first, tunneled only after the service's 101, and ended with either side. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { startMisbehavingServer } from '../../support/misbehaving-server.ts';
import { openRaw, sendRaw, sendRawUntilClose } from '../../support/raw-client.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { ann, goodToken, type ProxySetup, startProxy } from '../../support/running-proxy.ts';
import { handshakeTo, switchingProtocols } from '../../support/websocket-handshake.ts';

const running = closedAfterEach();

const handshake = (...headers: string[]) => handshakeTo('/chat?x=1', ...headers);

/** An upstream that accepts every upgrade and hands over the socket. */
async function accepting(setup: Partial<ProxySetup> = {}, greeting = switchingProtocols) {
  const sockets: { socket: Duplex; head: Buffer }[] = [];
  const upstream = await startRecordingUpstream({
    onUpgrade: (_request, socket, head) => {
      sockets.push({ socket, head });
      socket.write(greeting, 'latin1');
    },
  });
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin], ...setup });
  running.push(proxy);
  return { upstream, proxy, port: proxy.port, sockets };
}

describe('an accepted upgrade', () => {
  it('carries messages in both directions between a real client and a real service', async () => {
    const service = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(service, 'listening');
    running.push({ close: () => new Promise((resolve) => service.close(() => resolve())) });
    service.on('connection', (socket, request) => {
      socket.on('message', (data, binary) => socket.send(data, { binary }));
      socket.send(`hello ${request.headers['user-id']} ${request.url}`);
    });
    const { port } = service.address() as { port: number };
    const proxy = await startProxy({ targets: [`http://127.0.0.1:${port}`], access: ['user'] });
    running.push(proxy);
    const client = new WebSocket(`ws://127.0.0.1:${proxy.port}/chat?x=1`, {
      headers: { authorization: `Bearer ${goodToken}`, 'user-id': 'root' },
    });
    const [first] = await once(client, 'message');
    expect(String(first)).toBe('hello ann /chat?x=1');
    const big = Buffer.alloc(3_000_000, 7);
    client.send(big);
    const [echo] = await once(client, 'message');
    expect(big.equals(echo as Buffer)).toBe(true);
    client.close(1000, 'bye');
    expect((await once(client, 'close'))[0]).toBe(1000);
    await vi.waitFor(() => expect(proxy.records).toHaveLength(1));
    const [record] = proxy.records;
    expect(record).toMatchObject({ entrypoint: 'upgrade', status: 101, reason: null, aborted: false, cut: false });
    expect(record?.bytesIn).toBeGreaterThan(3_000_000);
    expect(record?.bytesOut).toBeGreaterThan(3_000_000);
    expect([proxy.proxy.inFlight, proxy.wheel.size]).toEqual([0, 0]);
  });

  it('forwards the handshake, but neither the credential nor hop-by-hop headers', async () => {
    const { port, upstream } = await accepting({ access: ['user'] });
    const answer = await sendRaw(
      port,
      handshake(`Authorization: Bearer ${goodToken}`, 'Sec-WebSocket-Protocol: chat', 'Proxy-Connection: x'),
    );
    expect([answer.status, answer.header('sec-websocket-accept')]).toEqual([101, 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=']);
    const request = upstream.last();
    expect(request.header('connection')).toEqual(['Upgrade']);
    expect(request.header('upgrade')).toEqual(['websocket']);
    expect(request.header('sec-websocket-protocol')).toEqual(['chat']);
    expect(request.header('user-id')).toEqual(['ann']);
    for (const name of ['authorization', 'proxy-connection']) expect(request.header(name)).toEqual([]);
  });

  it('loses no byte that arrived together with either handshake', async () => {
    const { port, sockets } = await accepting({}, `${switchingProtocols}early words`);
    const client = await openRaw(port);
    client.write(`${handshake()}eager`);
    expect((await client.answer()).status).toBe(101);
    await vi.waitFor(() => expect(client.unread().toString()).toBe('early words'));
    const { socket, head } = sockets[0]!;
    let received = head.toString();
    socket.on('data', (chunk) => {
      received += chunk;
    });
    await vi.waitFor(() => expect(received).toBe('eager'));
    client.destroy();
  });

  it.each(['client', 'upstream'] as const)(
    'forwards the end when the %s ends, and lets the other side finish',
    async (side) => {
      const { port, sockets, proxy } = await accepting();
      const client = await openRaw(port);
      client.write(handshake());
      await client.answer();
      const upstream = sockets[0]!.socket;
      const [ending, other] = side === 'client' ? [client.socket, upstream] : [upstream, client.socket];
      let last = '';
      ending.on('data', (chunk) => {
        last += chunk;
      });
      (ending as Socket).allowHalfOpen = true;
      (other as Socket).allowHalfOpen = true;
      ending.end();
      await once(other.resume(), 'end');
      other.end('last words');
      await once(ending, 'end');
      expect(last).toBe('last words');
      await vi.waitFor(() => expect(proxy.records).toHaveLength(1));
      expect(proxy.proxy.inFlight).toBe(0);
    },
  );

  it.each(['client', 'upstream'] as const)('is reset when the %s resets', async (side) => {
    const { port, sockets, upstream, proxy } = await accepting();
    const client = await openRaw(port);
    client.write(handshake());
    await client.answer();
    if (side === 'client') {
      sockets[0]!.socket.resume();
      client.socket.resetAndDestroy();
      await vi.waitFor(() => expect(upstream.open()).toBe(0));
    } else {
      (sockets[0]!.socket as Socket).resetAndDestroy();
      await client.closed();
    }
    await vi.waitFor(() => expect(proxy.records).toHaveLength(1));
  });

  it("may be idle for longer than the route's timeout", async () => {
    const { port, sockets, proxy } = await accepting({ route: { timeoutMs: 400 } });
    const client = await openRaw(port);
    client.write(handshake());
    await client.answer();
    await new Promise((resolve) => setTimeout(resolve, 900));
    sockets[0]!.socket.write('still there');
    await vi.waitFor(() => expect(client.unread().toString()).toBe('still there'));
    expect(proxy.records).toHaveLength(0);
    client.destroy();
  });

  it('ends with the credential', async () => {
    const { port } = await accepting({
      access: ['user'],
      now: () => 1_000_000,
      resolve: () => ({
        identity: { ...ann, expireAtMs: 1_000_200 },
        reason: null,
        stale: false,
        source: 'memory',
      }),
    });
    const client = await openRaw(port);
    client.write(handshake('Authorization: Bearer x'));
    expect((await client.answer()).status).toBe(101);
    await client.closed();
  });

  it('applies backpressure to a fast side', async () => {
    const { port, sockets } = await accepting();
    const client = await openRaw(port);
    client.write(handshake());
    await client.answer();
    client.socket.pause();
    const upstream = sockets[0]!.socket;
    const chunk = Buffer.alloc(1024 * 1024);
    let written = 0;
    while (upstream.write(chunk) || written < 8 * chunk.length) written += chunk.length;
    for (let i = 0; i < 56; i += 1) upstream.write(chunk);
    await vi.waitFor(() => expect(upstream.writableLength).toBeGreaterThan(16 * 1024 * 1024));
    client.destroy();
  });
});

describe('an upgrade that is not accepted', () => {
  it.each([
    ['a role is missing', { access: ['user'] } as Partial<ProxySetup>, 401, 'credential_missing'],
    ['the route does not forward upgrades', { route: { websocket: false } }, 400, 'upgrade_unsupported'],
    ['there are too many headers', { limits: { headers: 4 } }, 431, 'headers_too_large'],
  ])('because %s never reaches the upstream', async (_name, setup, status, code) => {
    const { port, upstream, proxy } = await accepting(setup);
    const { answers, leftOver } = await sendRawUntilClose(port, `${handshake()}GET /next HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(answers).toHaveLength(1);
    expect(leftOver).toHaveLength(0);
    expect([answers[0]?.status, JSON.parse(answers[0]!.text()).code]).toEqual([status, code]);
    expect(answers[0]?.header('x-error-id')).toBe(JSON.parse(answers[0]!.text()).errorId);
    expect(upstream.connections).toHaveLength(0);
    await vi.waitFor(() => expect(proxy.records[0]).toMatchObject({ entrypoint: 'upgrade', reason: code, status }));
  });

  it('is an ordinary response when the service declines, after which the connection is closed', async () => {
    const upstream = await startRecordingUpstream({
      answer: () => ({ status: 426, rawHeaders: ['upgrade', 'foo', 'x-kept', '1'], body: 'no sockets here' }),
    });
    running.push(upstream);
    const proxy = await startProxy({ targets: [upstream.origin] });
    running.push(proxy);
    const { answers, closed } = await sendRawUntilClose(
      proxy.port,
      `${handshake()}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`,
    );
    expect(answers).toHaveLength(1);
    expect([answers[0]?.status, answers[0]?.text(), answers[0]?.complete]).toEqual([426, 'no sockets here', true]);
    expect(answers[0]?.header('connection')).toBe('close');
    expect(answers[0]?.header('upgrade')).toBeUndefined();
    expect(answers[0]?.header('x-error-id')).toBeDefined();
    expect(closed).toMatch(/end|reset/);
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/chat?x=1']);
  });

  it("forwards a declining service's large response to the last byte", async () => {
    const body = Buffer.alloc(5_000_000, 'y');
    const upstream = await startRecordingUpstream({ answer: () => ({ status: 200, body }) });
    running.push(upstream);
    const proxy = await startProxy({ targets: [upstream.origin] });
    running.push(proxy);
    const { answers } = await sendRawUntilClose(proxy.port, handshake());
    expect(answers[0]?.body.length).toBe(body.length);
    expect(answers[0]?.complete).toBe(true);
  });

  it.each([
    ['resets', { kind: 'resets', at: 'request' }, 502, 'upstream_failed'],
    ['hangs up', { kind: 'hangs-up' }, 502, 'upstream_failed'],
    ['answers garbage', { kind: 'writes', bytes: 'what?\r\n\r\n' }, 502, 'upstream_response_invalid'],
    [
      'switches to another protocol',
      { kind: 'writes', bytes: 'HTTP/1.1 101 Fine\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n' },
      502,
      'upstream_response_invalid',
    ],
    [
      'does not accept the key',
      { kind: 'writes', bytes: switchingProtocols.replace(/Sec-.*\r\n/, '') },
      502,
      'upstream_response_invalid',
    ],
    [
      'accepts another key',
      { kind: 'writes', bytes: switchingProtocols.replace('s3pP', 's3pQ') },
      502,
      'upstream_response_invalid',
    ],
    ['never answers', { kind: 'never-answers' }, 504, 'upstream_timeout'],
  ] as const)('is refused when the service %s', async (_name, behavior, status, code) => {
    const upstream = await startMisbehavingServer(behavior);
    running.push(upstream);
    const timeoutMs = code === 'upstream_timeout' ? 200 : 60_000;
    const proxy = await startProxy({ targets: [upstream.origin], route: { timeoutMs } });
    running.push(proxy);
    const { answers } = await sendRawUntilClose(proxy.port, handshake());
    expect([answers[0]?.status, JSON.parse(answers[0]!.text()).code]).toEqual([status, code]);
    await vi.waitFor(() => expect(upstream.open()).toBe(0));
    expect(proxy.wheel.size).toBeLessThanOrEqual(1);
  });

  it("resets the connection when the service's response is truncated", async () => {
    const upstream = await startMisbehavingServer({
      kind: 'half-body',
      sentBytes: 10,
      promisedBytes: 100,
      afterwards: 'reset',
    });
    running.push(upstream);
    const proxy = await startProxy({ targets: [upstream.origin] });
    running.push(proxy);
    const { answers } = await sendRawUntilClose(proxy.port, handshake());
    expect(answers.every(({ complete }) => !complete)).toBe(true);
    await vi.waitFor(() => expect(proxy.records[0]).toMatchObject({ cut: true }));
  });

  it('tries the next reachable target', async () => {
    const dead = createServer().listen(0, '127.0.0.1');
    await once(dead, 'listening');
    const { port: deadPort } = dead.address() as { port: number };
    await new Promise((resolve) => dead.close(resolve));
    const { upstream } = await accepting();
    const proxy = await startProxy({ targets: [`http://127.0.0.1:${deadPort}`, upstream.origin] });
    running.push(proxy);
    expect((await sendRaw(proxy.port, handshake())).status).toBe(101);
    expect((await sendRaw(proxy.port, handshake())).status).toBe(101);
    const alone = await startProxy({ targets: [`http://127.0.0.1:${deadPort}`] });
    running.push(alone);
    expect((await sendRaw(alone.port, handshake())).status).toBe(502);
  });

  it('is aborted when the client disconnects during the handshake', async () => {
    const upstream = await startMisbehavingServer({ kind: 'never-answers' });
    running.push(upstream);
    const proxy = await startProxy({ targets: [upstream.origin], route: { timeoutMs: 60_000 } });
    running.push(proxy);
    const client = await openRaw(proxy.port);
    client.write(handshake());
    await vi.waitFor(() => expect(upstream.received[0]?.length).toBeGreaterThan(0));
    client.destroy();
    await vi.waitFor(() => expect(upstream.open()).toBe(0));
    await vi.waitFor(() => expect(proxy.records[0]).toMatchObject({ aborted: true, status: 0 }));
  });
});

describe('a request that is not a WebSocket upgrade', () => {
  it.each([
    ['with a body', handshake('Content-Length: 5').concat('hello'), 'GET'],
    ['to h2c', handshake().replace('websocket', 'h2c'), 'GET'],
    ['to WebSocket and another protocol', handshake().replace('websocket', 'websocket, h2c'), 'GET'],
    ['of a POST', handshake('Content-Length: 0').replace('GET', 'POST'), 'POST'],
  ])('%s is an ordinary request without the header', async (_name, bytes, method) => {
    const { port, upstream, sockets } = await accepting();
    expect((await sendRaw(port, bytes)).status).toBe(200);
    expect(upstream.last().method).toBe(method);
    expect(upstream.last().header('upgrade')).toEqual([]);
    expect(sockets).toHaveLength(0);
  });
});
