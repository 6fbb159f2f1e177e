/** Opens the connections of a pool, and knows those that are open or being opened. */
import type { Socket } from 'node:net';
import { ClientError } from './client-error.ts';
import { Connection, type ConnectionOwner } from './connection.ts';
import { openSocket } from './open-socket.ts';
import type { OutgoingRequest } from './request.ts';

export interface OpenOptions {
  readonly connectTimeoutMs: number;
  /** How long an idle connection is kept if the server does not say. */
  readonly idleMs: number;
}

export class OpenConnections {
  readonly #origin: URL;
  readonly #options: OpenOptions;
  readonly #owner: ConnectionOwner;
  readonly #open = new Set<Connection>();
  readonly #connecting = new Set<Socket>();
  /** Those that carry a single request, open or not. */
  readonly #alone = new Set<Socket>();
  /** TLS session to resume. */
  #session: Buffer | undefined;

  constructor(origin: URL, options: OpenOptions, owner: ConnectionOwner) {
    this.#origin = origin;
    this.#options = options;
    this.#owner = owner;
  }

  get size(): number {
    return this.#open.size + this.#connecting.size;
  }

  /** Those that carry a single request. */
  get alone(): number {
    return this.#alone.size;
  }

  /** Those that carry several requests in sequence. */
  get shared(): number {
    return this.size - this.#alone.size;
  }

  /** Opens one for this request. `alone`: it carries nothing else. */
  open(
    { group, upgrade }: OutgoingRequest,
    alone: boolean,
    opened: (connection: Connection) => void,
    failed: (error: ClientError) => void,
  ): void {
    const { connectTimeoutMs, idleMs } = this.#options;
    const socket = openSocket(
      this.#origin,
      { connectTimeoutMs, session: this.#session, detachable: upgrade },
      {
        opened: () => {
          this.#connecting.delete(socket);
          const options = { group, host: this.#origin.host, oneRequest: alone, idleMs };
          const connection = new Connection(socket, this.#owner, options);
          this.#open.add(connection);
          opened(connection);
          return connection;
        },
        failed: (cause) => {
          if (!this.#connecting.delete(socket)) return;
          this.#alone.delete(socket);
          failed(new ClientError('unreachable', cause));
        },
        session: (session) => {
          this.#session = session;
        },
      },
    );
    this.#connecting.add(socket);
    if (alone) this.#alone.add(socket);
  }

  /** It has ended, or its socket was detached. */
  delete(connection: Connection): void {
    this.#open.delete(connection);
    this.#alone.delete(connection.socket);
  }

  /** Breaks all of them. */
  destroy(): void {
    for (const socket of this.#connecting) socket.destroy();
    for (const connection of this.#open) connection.socket.destroy();
  }
}
