/** Opens the socket of a connection: plain, or by TLS with the server's own name verified. */
import { connect, isIP, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TlsOptions } from './tls-options.ts';

/** The first bytes of a connection, ahead of TLS. `client`: see `OutgoingRequest`. */
export type Announce = (socket: Socket, client: string | undefined) => Buffer;

export interface SocketEvents {
  /** `socket`: for requests. It is another one than was returned if bytes were sent ahead of TLS. */
  opened(socket: Socket): void;
  /** Once, instead of `opened`. */
  failed(error: Error): void;
  /** A TLS session that later connections can resume. */
  session(session: Buffer): void;
}

export interface SocketOptions {
  readonly connectTimeoutMs: number;
  readonly tls: TlsOptions | undefined;
  readonly session: Buffer | undefined;
  /** The socket may be handed to a tunnel. */
  readonly detachable: boolean;
  /** How a plain socket is read; null: by events. */
  readonly onread: OnReadOpts | null;
  /** Null: requests, or TLS, are the first bytes. */
  readonly firstBytes: ((socket: Socket) => Buffer) | null;
}

const keepAliveProbeMs = 60_000;

export function openSocket(origin: URL, options: SocketOptions, events: SocketEvents): Socket {
  const secure = origin.protocol === 'https:';
  const { firstBytes } = options;
  const first = secure && firstBytes === null ? openTls(origin, options) : openPlain(origin, options);
  let opening = first;
  const timer = setTimeout(() => opening.destroy(new Error('connect timeout')), options.connectTimeoutMs);
  const failed = (error: Error) => {
    clearTimeout(timer);
    events.failed(error);
  };
  const closed = () => failed(new Error('closed'));
  const once = (socket: Socket, event: string, next: () => void) => {
    socket.once('error', failed);
    socket.once('close', closed);
    socket.once(event, () => {
      socket.off('error', failed);
      socket.off('close', closed);
      next();
    });
  };
  const opened = (socket: Socket) => {
    clearTimeout(timer);
    events.opened(socket);
  };
  const securing = (socket: Socket) => {
    socket.on('session', events.session);
    once(socket, 'secureConnect', () => opened(socket));
  };
  if (secure && firstBytes === null) securing(first);
  else {
    once(first, 'connect', () => {
      if (firstBytes !== null) first.write(firstBytes(first));
      if (!secure) {
        opened(first);
        return;
      }
      // The socket of TLS ends with it.
      first.on('error', () => {});
      opening = openTls(origin, options, first);
      securing(opening);
    });
  }
  return first;
}

type Callback = (error?: Error | null) => void;

/**
 * A server that refuses a large body responds and closes its side, so a write fails while the response waits to be read. Node ends a socket
 * whose write has failed; from now on, this one can be read to its end instead. `accepted`: a write succeeded. `refused`: the other side
 * accepts no more; false: the socket ends.
 */
export function readToItsEnd(socket: Socket, accepted: () => void, refused: () => boolean): void {
  const write = socket._write.bind(socket);
  const writev = socket._writev!.bind(socket);
  const tolerant =
    (callback: Callback): Callback =>
    (error) => {
      if (error == null) accepted();
      callback(error != null && isClosed(error) && refused() ? null : error);
    };
  socket._write = (part, encoding, callback) => write(part, encoding, tolerant(callback));
  socket._writev = (parts, callback) => writev(parts, tolerant(callback));
}

function isClosed({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ECONNRESET';
}

function openPlain(origin: URL, { detachable, onread }: SocketOptions): Socket {
  const port = origin.protocol === 'https:' ? 443 : 80;
  const options = { ...commonOptions(origin, port), allowHalfOpen: detachable, ...(onread === null ? {} : { onread }) };
  return connect(options);
}

/** `over`: a connection that is open. */
function openTls(origin: URL, { tls, session, detachable }: SocketOptions, over?: Socket): Socket {
  const options = commonOptions(origin, 443);
  return connectTls({
    ...(over === undefined ? options : { socket: over }),
    ALPNProtocols: ['http/1.1'],
    // The name to verify is the server's own, never the Host that a client sent.
    ...(isIP(options.host) === 0 ? { servername: options.host } : {}),
    ...tls,
    ...(session === undefined ? {} : { session }),
    ...{ allowHalfOpen: detachable },
  });
}

function commonOptions(origin: URL, defaultPort: number) {
  return {
    host: origin.hostname.replace(/^\[|\]$/g, ''),
    port: Number(origin.port) || defaultPort,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveProbeMs,
  };
}
