/** Opens the socket of a connection: plain, or by TLS with the server's own name verified. */
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface SocketEvents {
  /** Returns the reader of the socket. */
  opened(socket: Socket): SocketReader;
  /** Once, instead of `opened`. */
  failed(error: Error): void;
  /** A TLS session that later connections can resume. */
  session(session: Buffer): void;
}

export interface SocketReader {
  /** `reused`: the memory of `bytes` is reused after the call. */
  received(bytes: Buffer, reused: boolean): void;
}

export interface SocketOptions {
  readonly connectTimeoutMs: number;
  readonly session: Buffer | undefined;
  /** The socket may be handed to a tunnel, so it is read by events. */
  readonly detachable: boolean;
}

/** Read buffer of all plain sockets; each read is consumed before the next one on any socket. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);
const keepAliveProbeMs = 60_000;

export function openSocket(origin: URL, options: SocketOptions, events: SocketEvents): Socket {
  let reader: SocketReader | null = null;
  const receive = (bytes: Buffer, reused: boolean) => reader?.received(bytes, reused);
  const secure = origin.protocol === 'https:';
  const socket = secure ? openTls(origin, options, receive) : openPlain(origin, options, receive);
  if (secure) socket.on('session', events.session);
  const timer = setTimeout(() => socket.destroy(new Error('connect timeout')), options.connectTimeoutMs);
  const failed = (error: Error) => {
    clearTimeout(timer);
    events.failed(error);
  };
  const closed = () => failed(new Error('closed'));
  socket.once('error', failed);
  socket.once('close', closed);
  socket.once(secure ? 'secureConnect' : 'connect', () => {
    clearTimeout(timer);
    socket.off('error', failed);
    socket.off('close', closed);
    reader = events.opened(socket);
  });
  return socket;
}

type Receive = SocketReader['received'];

function openPlain(origin: URL, { detachable }: SocketOptions, receive: Receive): Socket {
  const options = { ...commonOptions(origin, 80), allowHalfOpen: detachable };
  if (detachable) return readByEvents(connectPlain(options), receive);
  const callback = (length: number) => {
    receive(readBuffer.subarray(0, length), true);
    return true;
  };
  return connectPlain({ ...options, onread: { buffer: readBuffer, callback } });
}

function openTls(origin: URL, { session, detachable }: SocketOptions, receive: Receive): Socket {
  const options = commonOptions(origin, 443);
  const socket = connectTls({
    ...options,
    ALPNProtocols: ['http/1.1'],
    // The name to verify is the server's own, never the Host that a client sent.
    ...(isIP(options.host) === 0 ? { servername: options.host } : {}),
    ...(session === undefined ? {} : { session }),
    ...{ allowHalfOpen: detachable },
  });
  return readByEvents(socket, receive);
}

function readByEvents(socket: Socket, receive: Receive): Socket {
  socket.on('data', (bytes: Buffer) => receive(bytes, false));
  return socket;
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
