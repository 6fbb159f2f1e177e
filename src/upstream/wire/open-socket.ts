/** Opens the socket of a connection: plain, or by TLS with the target's own name verified. */
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

export interface SocketEvents {
  opened(socket: Socket): void;
  /** Once, instead of `opened`. */
  failed(error: Error): void;
  /** `reused`: the memory of `bytes` is used again after the call. */
  received(socket: Socket, bytes: Buffer, reused: boolean): void;
}

/** Where plain sockets put what they read; each read is used up before the next one, whichever socket it is on. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);
const keepAliveProbeMs = 60_000;

export function openSocket(origin: URL, timeoutMs: number, session: Buffer | undefined, events: SocketEvents): Socket {
  const tls = origin.protocol === 'https:';
  const host = origin.hostname.replace(/^\[|\]$/g, '');
  const port = Number(origin.port) || (tls ? 443 : 80);
  const common = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveProbeMs };
  const socket: Socket = tls
    ? connectTls({
        ...common,
        ALPNProtocols: ['http/1.1'],
        ...(isIP(host) === 0 ? { servername: host } : {}),
        ...(session === undefined ? {} : { session }),
      })
    : connectPlain({
        ...common,
        onread: {
          buffer: readBuffer,
          callback: (length: number) => {
            events.received(socket, readBuffer.subarray(0, length), true);
            return true;
          },
        },
      });
  const timer = setTimeout(() => socket.destroy(new Error('connect timeout')), timeoutMs);
  const failed = (error: Error) => {
    clearTimeout(timer);
    events.failed(error);
  };
  const closed = () => failed(new Error('closed'));
  socket.once('error', failed);
  socket.once('close', closed);
  socket.once(tls ? 'secureConnect' : 'connect', () => {
    clearTimeout(timer);
    socket.off('error', failed);
    socket.off('close', closed);
    events.opened(socket);
  });
  if (tls) (socket as TLSSocket).on('data', (bytes: Buffer) => events.received(socket, bytes, false));
  return socket;
}
