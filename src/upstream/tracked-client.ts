/**
 * One connection of a pool, with the two facts that `undici` keeps to itself: whether the connection has carried a
 * request before (a close may then be mere idleness), and whether it broke instead of ending.
 */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type buildConnector, Client, type Dispatcher } from 'undici';

/** A handler that wants to know on which connection its request runs. */
export interface TracksConnection extends Dispatcher.DispatchHandler {
  connection: TrackedClient | null;
}

type Connect = (options: buildConnector.Options, callback: buildConnector.Callback) => unknown;

export class TrackedClient extends Client {
  /** Requests sent on the current connection. */
  sent = 0;
  /** The socket failed. A body that ends with the connection may then be cut, though the parser takes it for whole. */
  broken = false;

  constructor(origin: string | URL, options: Client.Options) {
    const connect = options.connect as Connect;
    let adopt: ((socket: Socket | TLSSocket) => void) | null = null;
    super(origin, {
      ...options,
      connect: (to: buildConnector.Options, callback: buildConnector.Callback) =>
        // The name to verify is the target's own, never the Host that the client sent.
        connect({ ...to, servername: '' }, (...[error, socket]: Parameters<buildConnector.Callback>) => {
          if (error !== null) return callback(error, null);
          adopt?.(socket);
          return callback(null, socket);
        }),
    });
    adopt = (socket) => this.#adopt(socket);
  }

  /** Every handler of these pools is one that tracks. */
  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    (handler as TracksConnection).connection = this;
    return super.dispatch(options, handler);
  }

  #adopt(socket: Socket | TLSSocket): void {
    this.sent = 0;
    this.broken = false;
    // Before the listener of the client, so that the mark is there when an answer is taken for ended.
    socket.prependListener('error', () => {
      this.broken = true;
    });
  }
}
