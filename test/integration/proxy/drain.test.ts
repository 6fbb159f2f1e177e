/** The end of a process: no client that could still get a response is cut off, and nothing outlives the timeout. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Resolution } from '../../../src/core/identity/identity.ts';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { openRaw, sendRaw } from '../../support/raw-client.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { ann, goodToken, type RunningProxy, startProxy } from '../../support/running-proxy.ts';

const running = closedAfterEach();

const get = 'GET /a HTTP/1.1\r\nHost: api.test\r\n\r\n';

/** An upstream that responds on command. */
async function start(): Promise<{
  proxy: RunningProxy;
  port: number;
  answer(): void;
  arrived(count: number): Promise<void>;
}> {
  const waiting: (() => void)[] = [];
  const upstream = await startRecordingUpstream({
    answer: () => new Promise((resolve) => waiting.push(() => resolve({ body: 'in time' }))),
    onUpgrade: (_request, socket) => {
      socket.write(
        'HTTP/1.1 101 Fine\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
      );
      socket.resume();
    },
  });
  running.push(upstream);
  const proxy = await startProxy({ targets: [upstream.origin] });
  running.push(proxy);
  return {
    proxy,
    port: proxy.port,
    answer: () => {
      for (const one of waiting.splice(0)) one();
    },
    arrived: (count) => vi.waitFor(() => expect(waiting).toHaveLength(count)),
  };
}

describe('drain', () => {
  it('closes idle connections, completes requests in flight, and accepts no new connection', async () => {
    const { proxy, port, answer, arrived } = await start();
    const idle = await openRaw(port);
    idle.write(get);
    await arrived(1);
    answer();
    expect((await idle.answer()).header('connection')).toBe('keep-alive');
    const busy = await openRaw(port);
    busy.write(get);
    await arrived(1);

    const drained = proxy.proxy.drain(5_000);
    await idle.closed();
    expect(proxy.proxy.address).toBeNull();
    await expect(sendRaw(port, get)).rejects.toThrow();
    expect(proxy.proxy.inFlight).toBe(1);
    answer();
    const last = await busy.answer();
    expect([last.status, last.text(), last.header('connection')]).toEqual([200, 'in time', 'close']);
    await busy.closed();
    await drained;
    expect(proxy.proxy.inFlight).toBe(0);
  });

  it.each([0, 30])(
    'serves clients that the system has connected but the server has not accepted yet, where a turn takes %i ms',
    async (turnMs) => {
      const { proxy, port, answer, arrived } = await start();
      let over = false;
      const turn = () => {
        if (turnMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, turnMs);
        if (!over) setImmediate(turn);
      };
      const clients = Array.from({ length: 20 }, () => connect(port, '127.0.0.1'));
      const answers = clients.map(async (client) => {
        client.write(get);
        return Buffer.concat(await client.toArray()).toString('latin1');
      });
      // Their system calls happen in this turn, and none of them can be accepted before the next.
      await new Promise((resolve) => process.nextTick(resolve));
      // Without a turn of the event loop: on a busy machine the system connects some of them a little later.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
      expect(proxy.proxy.connections()).toBe(0);
      const drained = proxy.proxy.drain(20_000);
      turn();
      await arrived(20);
      over = true;
      answer();
      for (const text of await Promise.all(answers)) expect(text).toMatch(/^HTTP\/1.1 200 OK\r\n.*in time$/s);
      await drained;
    },
  );

  it('ends even if new clients keep coming', async () => {
    const { proxy, port } = await start();
    let came = 0;
    let drained = false;
    const comeAgain = () => {
      if (drained) return;
      came += 1;
      const client = connect(port, '127.0.0.1');
      client.on('error', () => {});
      client.on('connect', comeAgain);
      client.on('close', () => {});
    };
    comeAgain();
    await vi.waitFor(() => expect(came).toBeGreaterThan(10));
    await proxy.proxy.drain(500);
    drained = true;
    expect(proxy.proxy.address).toBeNull();
    await expect(sendRaw(port, get)).rejects.toThrow();
  });

  it('closes a connection whose response head promised keep-alive', async () => {
    const upstream = await startRecordingUpstream({
      answer: (_request, { response }) => {
        response.write('first ');
        setTimeout(() => response.end('second'), 150);
        return undefined;
      },
    });
    running.push(upstream);
    const proxy = await startProxy({ targets: [upstream.origin] });
    running.push(proxy);
    const connection = await openRaw(proxy.port);
    connection.write(get);
    await vi.waitFor(() => expect(connection.unread().toString()).toContain('first'));
    // Longer than this test's timeout.
    const drained = proxy.proxy.drain(60_000);
    expect((await connection.answer()).text()).toBe('first second');
    await drained;
  });

  it('destroys what is left after the timeout', async () => {
    const { proxy, port, arrived } = await start();
    const stuck = await openRaw(port);
    stuck.write(get);
    await arrived(1);
    await proxy.proxy.drain(200);
    await stuck.closed();
    await vi.waitFor(() => expect(proxy.records.at(-1)).toMatchObject({ aborted: true }));
    expect(proxy.wheel.size).toBe(0);
  });

  it('closes tunnels at once', async () => {
    const { proxy, port } = await start();
    const tunnel = await openRaw(port);
    tunnel.write(
      'GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    expect((await tunnel.answer()).status).toBe(101);
    // Longer than this test's timeout.
    const drained = proxy.proxy.drain(60_000);
    await tunnel.closed();
    await drained;
    await vi.waitFor(() => expect(proxy.records.at(-1)).toMatchObject({ entrypoint: 'upgrade', status: 101 }));
  });

  it('sends a close frame to both ends of a WebSocket', async () => {
    const service = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(service, 'listening');
    const { port: servicePort } = service.address() as { port: number };
    const proxy = await startProxy({ targets: [`http://127.0.0.1:${servicePort}`] });
    running.push(proxy, { close: () => new Promise((resolve) => service.close(() => resolve())) });
    const client = new WebSocket(`ws://127.0.0.1:${proxy.port}/chat`);
    const [[other]] = (await Promise.all([once(service, 'connection'), once(client, 'open')])) as [
      [WebSocket],
      unknown,
    ];
    const ends = Promise.all([once(client, 'close'), once(other, 'close')]);
    await proxy.proxy.drain(5_000);
    const told = (await ends).map(([code, reason]) => [code, String(reason)]);
    expect(told).toEqual(Array(2).fill([1001, 'draining: The gateway is shutting down']));
  });

  it('ends at once when nothing listens', async () => {
    const { proxy } = await start();
    await proxy.proxy.drain(1_000);
    await proxy.proxy.drain(1_000);
  });
});

describe('a response that ends with its connection, to an HTTP/1.0 client', () => {
  async function streamed(request: string) {
    const upstream = await startRecordingUpstream({
      answerAt: 'headers',
      answer: async (_request, { response }) => {
        response.write('first part');
        return new Promise(() => {});
      },
    });
    running.push(upstream);
    const proxy = await startProxy({ targets: [upstream.origin], route: { bodyBufferBytes: 0 } });
    running.push(proxy);
    const client = await openRaw(proxy.port);
    client.write(request);
    await vi.waitFor(() => expect(client.unread().toString()).toContain('first part'));
    return { proxy, client };
  }

  it('is reset at the drain timeout, because a normal end would make it look complete', async () => {
    const { proxy, client } = await streamed('GET /a HTTP/1.0\r\nHost: a\r\n\r\n');
    await proxy.proxy.drain(20);
    expect(await client.closed()).toBe('reset');
  });

  it('is reset when the client half-closes in the middle of its body', async () => {
    const { client } = await streamed('POST /a HTTP/1.0\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf');
    client.socket.end();
    expect(await client.closed()).toBe('reset');
  });
});

describe('a request refused during the look-up of its credential', () => {
  it('is not forwarded', async () => {
    const looked = Promise.withResolvers<Resolution>();
    const resolve = vi.fn(() => looked.promise);
    const upstream = await startRecordingUpstream();
    running.push(upstream);
    const proxy = await startProxy({ targets: [upstream.origin], access: 'authenticated', resolve });
    running.push(proxy);
    const client = await openRaw(proxy.port);
    client.write(
      `GET /a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${goodToken}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    await vi.waitFor(() => expect(resolve).toHaveBeenCalledOnce());
    const drained = proxy.proxy.drain(1_000);
    looked.resolve({ identity: ann, reason: null, stale: false, source: 'memory' });
    await drained;
    expect((await client.answer()).status).toBe(503);
    expect(proxy.records).toMatchObject([{ reason: 'draining', target: null }]);
  });
});

describe('listen', () => {
  it('rejects with the system error when the port is in use', async () => {
    const { port } = await start();
    await expect(startProxy({ targets: ['http://127.0.0.1:9'], port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('drainDelay', () => {
  it('accepts requests while the process is not ready', async () => {
    const upstream = await startRecordingUpstream({ answer: () => ({ body: 'served' }) });
    const authApi = await startFakeAuthApi();
    running.push(upstream, authApi);
    const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", drainDelay: 2s }
authApi: { url: "http://127.0.0.1:${authApi.port}" }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes: [{ id: it, match: { path: "/**" }, upstream: service, access: public }]
`);
    running.push(gateway);
    const ready = async () => {
      const answer = await fetch(`${gateway.admin}/health/ready`);
      return [answer.status, await answer.json()];
    };
    expect(await ready()).toMatchObject([200, { checks: { authApi: 'ok', draining: 'no' } }]);

    const closed = gateway.terminate();
    await vi.waitFor(async () =>
      expect(await ready()).toMatchObject([503, { code: 'draining', checks: { authApi: 'not checked' } }]),
    );
    expect((await sendRaw(gateway.port, get)).text()).toBe('served');
    await closed;
    await expect(sendRaw(gateway.port, get)).rejects.toThrow();
  });
});
