/**
 * A TCP server that responds to HTTP requests badly on purpose: late, never, partly, truncated or with bytes that are
 * not HTTP. It does not parse what it receives after the header block.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

export type Misbehavior =
  /** Reads and sends nothing. */
  | { readonly kind: 'never-answers' }
  /** Resets the connection: when it is opened, or when the header block has arrived. */
  | { readonly kind: 'resets'; readonly at: 'connect' | 'request' }
  /** Ends the connection without a response when the header block has arrived. */
  | { readonly kind: 'hangs-up' }
  /**
   * Writes the bytes unchanged when the header block has arrived, the first `cutAt` of them a moment before the rest; `afterwards`
   * follows (default `keep`).
   */
  | {
      readonly kind: 'writes';
      readonly bytes: string | Uint8Array;
      readonly cutAt?: number;
      readonly afterwards?: 'keep' | 'end' | 'reset';
    }
  /** Announces `promisedBytes` (or chunked framing, if unset), sends `sentBytes` and aborts. */
  | {
      readonly kind: 'half-body';
      readonly sentBytes: number;
      readonly promisedBytes?: number;
      readonly afterwards: 'end' | 'reset' | 'stall';
    }
  /** A correct response, but only after a while. */
  | { readonly kind: 'delays'; readonly delayMs: number; readonly status?: number; readonly body?: string };

export interface MisbehavingServer {
  readonly port: number;
  readonly origin: string;
  /** Bytes received on each connection, in the order of connecting. */
  readonly received: readonly Buffer[];
  /** Connections open now. */
  open(): number;
  /** Changes the behavior for requests from now on. */
  behave(next: Misbehavior): void;
  close(): Promise<void>;
}

export async function startMisbehavingServer(first: Misbehavior): Promise<MisbehavingServer> {
  let behavior = first;
  const received: Buffer[] = [];
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();

  const server = createServer((socket) => {
    const index = received.push(Buffer.alloc(0)) - 1;
    let unanswered = '';
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    if (behavior.kind === 'resets' && behavior.at === 'connect') {
      socket.resetAndDestroy();
      return;
    }
    socket.on('data', (chunk: Buffer) => {
      received[index] = Buffer.concat([received[index] ?? Buffer.alloc(0), chunk]);
      unanswered += chunk.toString('latin1');
      const end = unanswered.indexOf('\r\n\r\n');
      if (end === -1) return;
      unanswered = unanswered.slice(end + 4);
      react(socket, behavior, timers);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    received,
    open: () => sockets.size,
    behave(next) {
      behavior = next;
    },
    async close() {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function react(socket: Socket, behavior: Misbehavior, timers: Set<NodeJS.Timeout>): void {
  switch (behavior.kind) {
    case 'never-answers':
      return;
    case 'resets':
      socket.resetAndDestroy();
      return;
    case 'hangs-up':
      socket.end();
      return;
    case 'writes':
      void writePieces(socket, behavior.bytes, behavior.cutAt ?? 0, behavior.afterwards ?? 'keep');
      return;
    case 'half-body':
      socket.write(halfAnswer(behavior.sentBytes, behavior.promisedBytes), () => {
        if (behavior.afterwards !== 'stall') finish(socket, behavior.afterwards);
      });
      return;
    case 'delays': {
      const body = behavior.body ?? 'late';
      const timer = setTimeout(() => {
        timers.delete(timer);
        socket.write(
          `HTTP/1.1 ${behavior.status ?? 200} Late\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        );
      }, behavior.delayMs);
      timers.add(timer);
    }
  }
}

async function writePieces(
  socket: Socket,
  bytes: string | Uint8Array,
  cutAt: number,
  afterwards: 'keep' | 'end' | 'reset',
): Promise<void> {
  if (cutAt > 0) {
    socket.write(bytes.slice(0, cutAt));
    // Over loopback they have arrived, and a reader in this process gets them in the next turn.
    for (let turn = 0; turn < 2; turn += 1) await setImmediate();
  }
  socket.write(bytes.slice(cutAt), () => finish(socket, afterwards));
}

function halfAnswer(sentBytes: number, promisedBytes: number | undefined): string {
  const sent = 'x'.repeat(sentBytes);
  return promisedBytes === undefined
    ? `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${sentBytes.toString(16)}\r\n${sent}\r\n`
    : `HTTP/1.1 200 OK\r\ncontent-length: ${promisedBytes}\r\n\r\n${sent}`;
}

function finish(socket: Socket, how: 'keep' | 'end' | 'reset'): void {
  if (how === 'end') socket.end();
  else if (how === 'reset') socket.resetAndDestroy();
}
