/**
 * A service that is built to be fooled: it takes every byte that reaches it for requests, by both lenient readings at
 * once, answers by one of them, and accepts every upgrade. It remembers what it believed to be asked for.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Leniency, type LenientRequest, leniencies, readLenient } from './lenient-reading.ts';
import { type Harm, harmsOf } from './sloppy-service.ts';

export interface FooledUpstream {
  readonly port: number;
  readonly origin: string;
  /** Requests that it believes to have got, by each reading. */
  seen(leniency: Leniency): readonly LenientRequest[];
  /** Everything that went wrong by either reading; without repetition. */
  harms(): Harm[];
  /** Bytes of open connections that are no whole request by one reading, though they are by the other. */
  undecided(): string[];
  /** All bytes received since the last `clear`, one text per connection. */
  received(): string[];
  /** Connections open now. */
  open(): number;
  clear(): void;
  close(): Promise<void>;
}

interface Connection {
  readonly socket: Socket;
  readonly rest: Record<Leniency, Buffer>;
  received: string;
}

/** `answersBy`: by which reading it answers. `answer`: the bytes of an answer, in place of the usual one. */
export async function startFooledUpstream(
  options: { answersBy?: Leniency; answer?: (request: LenientRequest) => string | undefined } = {},
): Promise<FooledUpstream> {
  const answersBy = options.answersBy ?? 'length-first';
  const seen: Record<Leniency, LenientRequest[]> = { 'length-first': [], 'chunked-first': [] };
  const connections = new Set<Connection>();
  let gone: string[] = [];
  const server = createServer((socket) => {
    const nothing = Buffer.alloc(0);
    const connection: Connection = {
      socket,
      rest: { 'length-first': nothing, 'chunked-first': nothing },
      received: '',
    };
    connections.add(connection);
    socket.on('error', () => {});
    socket.on('close', () => {
      connections.delete(connection);
      if (connection.received !== '') gone.push(connection.received);
    });
    socket.on('data', (chunk: Buffer) => {
      connection.received += chunk.toString('latin1');
      for (const leniency of leniencies) {
        connection.rest[leniency] = Buffer.concat([connection.rest[leniency], chunk]);
        for (;;) {
          const read = readLenient(connection.rest[leniency], leniency);
          if (read === null) break;
          connection.rest[leniency] = connection.rest[leniency].subarray(read.length);
          seen[leniency].push(read.request);
          if (leniency === answersBy) socket.write(options.answer?.(read.request) ?? answerTo(read.request), 'latin1');
        }
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    seen: (leniency) => seen[leniency],
    harms: () => [...new Set(leniencies.flatMap((leniency) => seen[leniency].flatMap(harmsOf)))],
    undecided: () =>
      [...connections].flatMap(({ rest }) =>
        leniencies
          .filter((one) => rest[one].length > 0)
          .map((one) => `${one}: ${rest[one].toString('latin1', 0, 200)}`),
      ),
    received: () => [...gone, ...[...connections].map(({ received }) => received).filter((text) => text !== '')],
    open: () => connections.size,
    clear() {
      for (const leniency of leniencies) seen[leniency].length = 0;
      for (const connection of connections) connection.received = '';
      gone = [];
    },
    async close() {
      for (const { socket } of connections) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Tells in the body what was asked for, so that a client can see whose answer it got. */
function answerTo(request: LenientRequest): string {
  const upgrade = request.headers.find(([name]) => name.toLowerCase() === 'upgrade');
  if (upgrade !== undefined) {
    const key = request.headers.find(([name]) => name.toLowerCase() === 'sec-websocket-key')?.[1] ?? '';
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${upgrade[1]}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
  }
  const body = request.method === 'HEAD' ? '' : `served ${request.method} ${request.target}`;
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
