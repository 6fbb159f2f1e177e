/** Opens the connections of a pool, and knows those that are open or being opened. */
import type { Socket } from 'node:net';
import { ClientError } from './client-error.ts';
import { Connection, type ConnectionOwner, SharedBufferReading } from './connection.ts';
import { openSocket } from './open-socket.ts';
import type { PoolOptions } from './pool.ts';
import type { OutgoingRequest, ResponseHandler } from './request.ts';
import { type TlsOptions, tlsOptions } from './tls-options.ts';

export class OpenConnections {
  readonly #origin: URL;
  readonly #tls: TlsOptions | undefined;
  readonly #options: PoolOptions;
  readonly #owner: ConnectionOwner;
  readonly #open = new Set<Connection>();
  readonly #connecting = new Set<Socket>();
  /** Those that carry a single request, open or not. */
  readonly #alone = new Set<Socket>();
  /** Those that have left the pool, each for a response that stays open. */
  readonly #left = new Set<Socket>();
  /** TLS session to resume. */
  #session: Buffer | undefined;
  #destroyed = false;

  constructor(origin: URL, options: PoolOptions, owner: ConnectionOwner) {
    this.#origin = origin;
    this.#tls = tlsOptions(options.tls);
    this.#options = options;
    this.#owner = owner;
  }

  get size(): number {
    return this.#open.size + this.#connecting.size;
  }

  /** No further one may be opened that carries several requests in sequence. */
  get full(): boolean {
    return this.#destroyed || this.size - this.#alone.size - this.#left.size >= this.#options.connections;
  }

  /** Sends the request on its own connection, which carries nothing else. `failed`: it could not be opened. */
  sendAlone(request: OutgoingRequest, handler: ResponseHandler, failed: () => void): void {
    if (this.#destroyed) {
      handler.onResponseError(new ClientError('unreachable'));
      return;
    }
    const opened = (connection: Connection) => {
      if (!connection.send(request, handler)) connection.destroy();
    };
    this.open(request, true, opened, (error) => {
      handler.onResponseError(error);
      failed();
    });
  }

  /** Opens one for this request. `alone`: it carries nothing else. */
  open(
    { group, upgrade, client }: OutgoingRequest,
    alone: boolean,
    opened: (connection: Connection) => void,
    failed: (error: ClientError) => void,
  ): void {
    const { connectTimeoutMs, idleMs, announce = null } = this.#options;
    // TLS has buffers of its own, and a tunnel reads its socket by events.
    const reading = this.#origin.protocol === 'https:' || upgrade ? null : new SharedBufferReading();
    const firstBytes = announce === null ? null : (socket: Socket) => announce(socket, client);
    const opening = openSocket(
      this.#origin,
      { connectTimeoutMs, tls: this.#tls, session: this.#session, detachable: upgrade, onread: reading, firstBytes },
      {
        opened: (socket) => {
          this.#connecting.delete(opening);
          if (this.#alone.delete(opening)) this.#alone.add(socket);
          const options = { group, host: this.#origin.host, oneRequest: alone, idleMs };
          const connection = new Connection(socket, this.#owner, options);
          this.#open.add(connection);
          if (reading === null) socket.on('data', (bytes: Buffer) => connection.received(bytes, false));
          else reading.connection = connection;
          opened(connection);
        },
        failed: (cause) => {
          if (!this.#connecting.delete(opening)) return;
          this.#alone.delete(opening);
          failed(new ClientError('unreachable', cause));
        },
        session: (session) => {
          this.#session = session;
        },
      },
    );
    this.#connecting.add(opening);
    if (alone) this.#alone.add(opening);
  }

  /** It no longer counts among those that are bounded here. */
  leave({ socket }: Connection): void {
    this.#alone.delete(socket);
    this.#left.add(socket);
  }

  /** It has ended, or its socket was detached. */
  delete(connection: Connection): void {
    this.#open.delete(connection);
    this.#alone.delete(connection.socket);
    this.#left.delete(connection.socket);
  }

  /** Breaks all of them; none is opened any more. */
  destroy(): void {
    this.#destroyed = true;
    for (const socket of this.#connecting) socket.destroy();
    for (const connection of this.#open) connection.socket.destroy();
  }
}
