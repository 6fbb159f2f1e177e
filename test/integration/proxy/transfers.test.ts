/** Large bodies: complete, in constant memory, with backpressure from the slower side. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { openRaw } from '../../support/raw-client.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startProxy } from '../../support/running-proxy.ts';

const running = closedAfterEach();

const bodyBytes = 64 * 1024 * 1024;
const chunk = Buffer.alloc(256 * 1024, 'x');

/** Writes until the socket has accepted `bytes`, waiting whenever it is full. Returns the bytes accepted so far. */
function pour(socket: Socket, bytes: number): { readonly poured: number } {
  const state = { poured: 0 };
  const more = () => {
    while (state.poured < bytes) {
      state.poured += chunk.length;
      if (!socket.write(chunk)) return;
    }
  };
  socket.on('drain', more);
  more();
  return state;
}

/** An upstream of raw sockets. */
async function rawUpstream(serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.push({
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

describe('64 MiB', () => {
  it.each(['content-length', 'chunked'])('upload with %s: every byte arrives', async (framing) => {
    const received = { bytes: 0 };
    const upstream = await startRecordingUpstream({
      answerAt: 'headers',
      answer: (_request, { request, response }) => {
        request.on('data', (part: Buffer) => {
          received.bytes += part.length;
        });
        request.on('end', () => response.end('done'));
        return undefined;
      },
    });
    running.push(upstream);
    const proxy = await startProxy({ targets: [upstream.origin] });
    running.push(proxy);
    const answer = await fetch(`http://127.0.0.1:${proxy.port}/a`, {
      method: 'POST',
      ...(framing === 'chunked'
        ? {
            body: new ReadableStream({
              pull: (controller) => {
                if (sent === bodyBytes) return controller.close();
                sent += chunk.length;
                controller.enqueue(chunk);
              },
            }),
            duplex: 'half',
          }
        : { body: Buffer.alloc(bodyBytes, 'x') }),
    } as RequestInit);
    expect(await answer.text()).toBe('done');
    expect(received.bytes).toBe(bodyBytes);
    await vi.waitFor(() => expect(proxy.records[0]?.bytesIn).toBe(bodyBytes));
  });

  let sent = 0;

  it.each(['content-length', 'chunked'])('download with %s: every byte arrives', async (framing) => {
    const upstream = await startRecordingUpstream({
      answer: (_request, { response }) => {
        response.writeHead(200, framing === 'chunked' ? {} : { 'content-length': bodyBytes });
        let written = 0;
        const more = () => {
          while (written < bodyBytes) {
            written += chunk.length;
            if (!response.write(chunk)) return;
          }
          response.end();
        };
        response.on('drain', more);
        more();
        return undefined;
      },
    });
    running.push(upstream);
    const proxy = await startProxy({ targets: [upstream.origin] });
    running.push(proxy);
    const answer = await fetch(`http://127.0.0.1:${proxy.port}/a`);
    let received = 0;
    for await (const part of answer.body!) received += part.length;
    expect(received).toBe(bodyBytes);
    await vi.waitFor(() => expect(proxy.records[0]?.bytesOut).toBe(bodyBytes));
  });
});

describe('backpressure', () => {
  /** What the buffers of two loopback connections and of the process may contain together. */
  const bufferedBytes = 24 * 1024 * 1024;

  /** Waits until a number has stopped growing. */
  async function settled(read: () => number): Promise<number> {
    let last = -1;
    await vi.waitFor(
      () => {
        const now = read();
        const still = now > 0 && now === last;
        last = now;
        if (!still) throw new Error(`still growing: ${now}`);
      },
      { timeout: 8_000, interval: 300 },
    );
    return last;
  }

  it('stops the upstream while the client does not read, and loses nothing', async () => {
    let source: { readonly poured: number } = { poured: 0 };
    const origin = await rawUpstream((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${bodyBytes}\r\n\r\n`);
        source = pour(socket, bodyBytes);
      });
    });
    const proxy = await startProxy({ targets: [origin], route: { timeoutMs: 500 } });
    running.push(proxy);
    const client = connect(proxy.port, '127.0.0.1');
    client.write('GET /a HTTP/1.1\r\nHost: api.test\r\nConnection: close\r\n\r\n');
    client.pause();
    expect(await settled(() => source.poured)).toBeLessThan(bufferedBytes);
    // The route's timeout applies to the upstream; a client may be slower.
    expect(proxy.records).toHaveLength(0);
    let received = 0;
    client.on('data', (part) => {
      received += part.length;
    });
    client.resume();
    await once(client, 'close');
    expect(received).toBeGreaterThan(bodyBytes);
    expect(proxy.records[0]).toMatchObject({ bytesOut: bodyBytes, cut: false, aborted: false });
  });

  it('stops the client while the upstream does not read, and loses nothing', async () => {
    let received = 0;
    let upstreamSocket: Socket | undefined;
    const origin = await rawUpstream((socket) => {
      upstreamSocket = socket;
      socket.pause();
    });
    const proxy = await startProxy({ targets: [origin], route: { timeoutMs: 8_000 } });
    running.push(proxy);
    const client = await openRaw(proxy.port);
    client.write(`POST /a HTTP/1.1\r\nHost: api.test\r\nContent-Length: ${bodyBytes}\r\n\r\n`);
    const source = pour(client.socket, bodyBytes);
    expect(await settled(() => source.poured)).toBeLessThan(bufferedBytes);
    upstreamSocket!.on('data', (part: Buffer) => {
      received += part.length;
      if (received > bodyBytes) upstreamSocket!.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
    upstreamSocket!.resume();
    expect((await client.answer('POST')).text()).toBe('ok');
    client.destroy();
    expect(received).toBeGreaterThan(bodyBytes);
  });

  it('disconnects a client that never reads after a while, and only that one', async () => {
    let source: { readonly poured: number } = { poured: 0 };
    const origin = await rawUpstream((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${bodyBytes}\r\n\r\n`);
        source = pour(socket, bodyBytes);
      });
    });
    const proxy = await startProxy({ targets: [origin], route: { timeoutMs: 300 } });
    running.push(proxy);
    const client = connect(proxy.port, '127.0.0.1');
    client.on('error', () => {});
    client.pause();
    client.write('GET /a HTTP/1.1\r\nHost: api.test\r\n\r\n');
    await settled(() => source.poured);
    const now = performance.now.bind(performance);
    expect(proxy.records).toHaveLength(0);
    // A minute later.
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 61_000);
    await vi.waitFor(() => expect(proxy.records).toHaveLength(1));
    expect(proxy.records[0]).toMatchObject({ aborted: true });
    client.destroy();
  });
});
