/** A scripted WebSocket service: it completes the handshake, sends the given bytes, and records what arrives. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** How one end of a connection learned of its end. */
export type Ending = 'end' | 'reset';

export interface End {
  readonly bytes: Buffer;
  readonly ending: Ending;
}

/** One conversation: what each end sends, and how it ends. */
export interface Play {
  readonly service: readonly Buffer[];
  readonly client: readonly Buffer[];
  /** Which end closes first, once it has everything that the other one sends until then. */
  readonly over: { readonly by: 'client' | 'service'; readonly how: 'end' | 'reset' };
  /** What the other one sends after that end. */
  readonly late?: Buffer;
}

export interface RawService {
  readonly port: number;
  /** Must be set before a client connects. */
  play: Play;
  /** What the service receives in the next conversation. */
  next(): Promise<End>;
  close(): Promise<void>;
}

const patienceMs = 20_000;

export async function startRawService(): Promise<RawService> {
  const sockets = new Set<Socket>();
  let waiting: PromiseWithResolvers<End> = Promise.withResolvers();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    const { play } = service;
    void shakeHands(socket, (head) => {
      const key = /^sec-websocket-key: (.*)$/im.exec(head)?.[1] ?? '';
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
    })
      .then((rest) => converse(socket, rest, play, 'service'))
      .then(waiting.resolve, waiting.reject);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const service: RawService = {
    port: (server.address() as AddressInfo).port,
    play: { service: [], client: [], over: { by: 'client', how: 'end' } },
    async next() {
      try {
        return await waiting.promise;
      } finally {
        waiting = Promise.withResolvers();
      }
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return service;
}

/** The same conversation from the client's side. */
export async function speak(port: number, play: Play): Promise<End> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  socket.write(
    'GET /any HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n',
  );
  const rest = await shakeHands(socket, (head) => {
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(head);
    return '';
  });
  return converse(socket, rest, play, 'client');
}

/** Reads a head, responds to it, and resolves with the bytes after it. */
async function shakeHands(socket: Socket, answer: (head: string) => string): Promise<Buffer> {
  let read = Buffer.alloc(0);
  for (;;) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    read = Buffer.concat([read, chunk]);
    const end = read.indexOf('\r\n\r\n');
    if (end < 0) continue;
    socket.pause();
    socket.write(answer(read.toString('latin1', 0, end)));
    return read.subarray(end + 4);
  }
}

/** Sends its part, waits for the other's, and closes or waits for the close. */
function converse(socket: Socket, rest: Buffer, play: Play, self: 'client' | 'service'): Promise<End> {
  const other = self === 'client' ? 'service' : 'client';
  const expected = play[other].reduce((sum, { length }) => sum + length, 0);
  const first = play.over.by === self;
  const received = [rest];
  let size = rest.length;
  let acted = false;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error(`${self}: ${size} of ${expected} bytes`)), patienceMs);
    const over = (ending: Ending) => {
      clearTimeout(timer);
      resolve({ bytes: Buffer.concat(received), ending });
    };
    const act = () => {
      if (acted || !first || size < expected) return;
      acted = true;
      if (play.over.how === 'end') {
        socket.end();
        return;
      }
      socket.resetAndDestroy();
      over('reset');
    };
    socket.on('data', (chunk: Buffer) => {
      received.push(chunk);
      size += chunk.length;
      act();
    });
    socket.on('end', () => {
      // What is sent after the other's end still arrives.
      if (!first) socket.end(play.late ?? Buffer.alloc(0));
      over('end');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') over('reset');
      else reject(error);
    });
    for (const part of play[self]) socket.write(part);
    act();
    socket.resume();
  });
}
