/**
 * A service that is built to be fooled: it parses every byte as requests with both lenient parsers at once, responds by
 * one of them, and accepts every upgrade. It records the requests that it believes it received.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Leniency, type LenientRequest, leniencies, readLenient } from './lenient-reading.ts';
import { type Harm, harmsOf } from './sloppy-service.ts';

export interface FooledUpstream {
  readonly port: number;
  readonly origin: string;
  /** Requests that it believes it received, per parser. */
  seen(leniency: Leniency): readonly LenientRequest[];
  /** All harm by either parser, without repetition. */
  harms(): Harm[];
  /** Bytes on open connections that are an incomplete request for one parser, though complete for the other. */
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

/** `answersBy`: the parser by which it responds. `answer`: the bytes of a response instead of the usual one. */
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

/** Repeats the request in the body, so a client can see whose response it got. */
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
