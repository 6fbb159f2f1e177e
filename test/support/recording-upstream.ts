/**
 * An upstream that records exactly what reached it: each request as parsed by Node's strict parser, and the bytes of
 * each connection before any parsing, so a test can look for a request hidden in a body.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface RecordedRequest {
  readonly method: string;
  /** Request target as received, undecoded. */
  readonly target: string;
  /** Names and values alternating, as received, repeated ones included. */
  readonly rawHeaders: readonly string[];
  readonly rawTrailers: readonly string[];
  /** Body bytes so far; all of them once `complete`. */
  readonly body: Buffer;
  /** Whether the complete request arrived, by its own framing. */
  readonly complete: boolean;
  /** Whether the connection closed before the response was finished. */
  readonly aborted: boolean;
  /** All values of a header, by its case-insensitive name. */
  header(name: string): string[];
}

export interface UpstreamAnswer {
  readonly status?: number;
  /** Names and values alternating. */
  readonly rawHeaders?: readonly string[];
  readonly body?: string | Uint8Array;
}

/** Produces the response once the request is complete. A handler that takes over the response returns nothing. */
export type Answer = (
  request: RecordedRequest,
  raw: { readonly request: IncomingMessage; readonly response: ServerResponse },
) => UpstreamAnswer | undefined | Promise<UpstreamAnswer | undefined>;

export interface RecordingUpstream {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  readonly requests: readonly RecordedRequest[];
  /** Bytes received on each connection, in the order of connecting. */
  readonly connections: readonly Buffer[];
  /** Connections open now. */
  open(): number;
  /** The last request; throws when there was none. */
  last(): RecordedRequest;
  /** Clears all records. */
  clear(): void;
  close(): Promise<void>;
}

export interface RecordingUpstreamOptions {
  /** Default: 200 with the text `upstream`. */
  readonly answer?: Answer;
  /** `complete` (default) responds after the whole body, `headers` as soon as the headers have arrived. */
  readonly answerAt?: 'complete' | 'headers';
  /** Takes over an upgraded connection. Without it an upgrade is handled like any request. */
  readonly onUpgrade?: (request: RecordedRequest, socket: Duplex, head: Buffer) => void;
}

export async function startRecordingUpstream(options: RecordingUpstreamOptions = {}): Promise<RecordingUpstream> {
  const answer: Answer = options.answer ?? (() => ({ body: 'upstream' }));
  const requests: RecordedRequest[] = [];
  const received: Buffer[][] = [];
  const sockets = new Set<Socket>();

  const server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 60_000 });
  server.on('connection', (socket) => {
    const chunks: Buffer[] = [];
    received.push(chunks);
    sockets.add(socket);
    socket.on('data', (chunk: Buffer) => chunks.push(Buffer.from(chunk)));
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  const { onUpgrade } = options;
  if (onUpgrade !== undefined) {
    server.on('upgrade', (message, socket, head) => {
      const { recorded } = record(message, null);
      requests.push(recorded);
      socket.on('error', () => {});
      onUpgrade(recorded, socket, head);
    });
  }
  server.on('request', (message, response) => {
    const { recorded, whole } = record(message, response);
    requests.push(recorded);
    const respond = async () => {
      const made = await answer(recorded, { request: message, response });
      if (made === undefined || response.headersSent) return;
      response.writeHead(made.status ?? 200, [...(made.rawHeaders ?? [])]);
      response.end(made.body ?? '');
    };
    if (options.answerAt === 'headers') void respond();
    else whole.then(respond, () => {});
  });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    requests,
    get connections() {
      return received.map((chunks) => Buffer.concat(chunks));
    },
    open: () => sockets.size,
    last() {
      const request = requests.at(-1);
      if (request === undefined) throw new Error('No request reached the upstream');
      return request;
    },
    clear() {
      requests.length = 0;
      received.length = 0;
    },
    async close() {
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Reads a message into a record that fills up as it arrives; `whole` rejects if the message is truncated. */
function record(message: IncomingMessage, response: ServerResponse | null) {
  const chunks: Buffer[] = [];
  let aborted = false;
  const whole = new Promise<void>((resolve, reject) => {
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', resolve);
    message.on('error', reject);
    message.on('close', () => {
      if (!message.complete) {
        aborted = true;
        reject(new Error('The request was cut'));
      }
    });
  });
  whole.catch(() => {});
  response?.on('close', () => {
    if (!response.writableFinished) aborted = true;
  });
  const recorded: RecordedRequest = {
    method: message.method ?? '',
    target: message.url ?? '',
    rawHeaders: message.rawHeaders,
    get rawTrailers() {
      return message.rawTrailers;
    },
    get body() {
      return Buffer.concat(chunks);
    },
    get complete() {
      return message.complete;
    },
    get aborted() {
      return aborted;
    },
    header(name) {
      return message.rawHeaders.filter(
        (_, index, all) => index % 2 === 1 && all[index - 1]?.toLowerCase() === name.toLowerCase(),
      );
    },
  };
  return { recorded, whole };
}
