/**
 * The connections to one target: kept ones are used again, the latest first; beyond the limit requests wait in line.
 * A request that waits holds no connection, and a connection that fails fails the request for which it was opened.
 */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Connection, type HopHandler, type HopRequest } from './connection.ts';
import { hopError } from './hop-error.ts';
import { openSocket } from './open-socket.ts';

export interface PoolOptions {
  /** Connections at once. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** How long an idle connection is kept when the target does not say. */
  readonly idleMs: number;
}

interface Waiting {
  readonly request: HopRequest;
  readonly handler: HopHandler;
  /** It has been taken out of the line. */
  gone: boolean;
}

/** How often idle connections are looked through. */
const sweepMs = 500;

export class Pool {
  readonly #origin: URL;
  readonly #options: PoolOptions;
  /** The one that became idle last is at the end. */
  readonly #idle: Connection[] = [];
  readonly #open = new Set<Connection>();
  readonly #connecting = new Set<Socket>();
  #line: Waiting[] = [];
  /** Where the line begins. */
  #first = 0;
  #sweeper: NodeJS.Timeout | null = null;
  #session: Buffer | undefined;
  #closed: (() => void) | null = null;
  #closing: Promise<void> | null = null;
  #destroyed = false;

  constructor(origin: string, options: PoolOptions) {
    this.#origin = new URL(origin);
    this.#options = options;
  }

  /** Sends the request on a kept or a new connection, now or when its turn comes. `handler` learns everything else. */
  dispatch(request: HopRequest, handler: HopHandler): void {
    if (this.#closing !== null) {
      this.dispatchAlone(request, handler);
      return;
    }
    for (let kept = this.#idle.pop(); kept !== undefined; kept = this.#idle.pop()) {
      if (!kept.usable) continue;
      if (!kept.send(request, handler)) this.#idle.push(kept);
      return;
    }
    const waiting = { request, handler, gone: false };
    this.#line.push(waiting);
    if (this.#size < this.#options.connections) this.#connect(waiting);
  }

  /** Sends the request on a connection of its own, which carries nothing else. */
  dispatchAlone(request: HopRequest, handler: HopHandler): void {
    // As many again as the limit says, for failures are not the usual case.
    if (this.#destroyed || this.#size >= 2 * this.#options.connections) {
      handler.onResponseError(hopError('unreachable'));
      return;
    }
    const sent = (connection: Connection) => {
      if (!connection.send(request, handler)) connection.destroy();
    };
    this.#openFor(sent, (error) => handler.onResponseError(error), true);
  }

  /**
   * Keeps no connection any more, and resolves once what is under way has ended. A request that was decided before, but
   * whose body is still coming in, has yet to be sent.
   */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#closed = resolve;
    });
    for (const idle of this.#idle.splice(0)) idle.destroy();
    this.#settle();
    return this.#closing;
  }

  /** Breaks everything off. */
  async destroy(): Promise<void> {
    this.#destroyed = true;
    const closed = this.close();
    for (const waiting of this.#line.splice(this.#first)) waiting.handler.onResponseError(hopError('closed'));
    this.#line = [];
    this.#first = 0;
    for (const socket of this.#connecting) socket.destroy();
    for (const connection of this.#open) connection.socket.destroy();
    await closed;
  }

  free(connection: Connection): void {
    if (this.#serveNext(connection)) return;
    if (this.#closing !== null) {
      connection.destroy();
      return;
    }
    this.#idle.push(connection);
    this.#sweeper ??= setInterval(() => this.#sweep(), sweepMs).unref();
  }

  gone(connection: Connection): void {
    this.#open.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#refill();
    this.#settle();
  }

  get #size(): number {
    return this.#open.size + this.#connecting.size;
  }

  /** Gives the connection to the first in line who still wants one. */
  #serveNext(connection: Connection): boolean {
    for (;;) {
      const next = this.#line[this.#first];
      if (next === undefined) return false;
      this.#first += 1;
      if (this.#first === this.#line.length) {
        this.#line = [];
        this.#first = 0;
      } else if (this.#first > 1_024) {
        this.#line = this.#line.slice(this.#first);
        this.#first = 0;
      }
      if (next.gone) continue;
      next.gone = true;
      if (connection.send(next.request, next.handler)) return true;
    }
  }

  #connect(waiting: Waiting): void {
    this.#openFor(
      (connection) => {
        if (!this.#serveNext(connection)) this.free(connection);
      },
      (error) => {
        if (!waiting.gone) {
          waiting.gone = true;
          waiting.handler.onResponseError(error);
        }
        this.#refill();
      },
      false,
    );
  }

  #openFor(opened: (connection: Connection) => void, failed: (error: Error) => void, alone: boolean): void {
    let connection: Connection | null = null;
    const socket = openSocket(this.#origin, this.#options.connectTimeoutMs, this.#session, {
      opened: () => {
        this.#connecting.delete(socket);
        connection = new Connection(socket, this, this.#origin.host, alone, this.#options.idleMs);
        this.#open.add(connection);
        opened(connection);
      },
      failed: (cause) => {
        if (!this.#connecting.delete(socket)) return;
        failed(hopError('unreachable', cause));
        this.#settle();
      },
      received: (_socket, bytes, reused) => connection?.received(bytes, reused),
    });
    this.#connecting.add(socket);
    if (this.#origin.protocol === 'https:') {
      (socket as TLSSocket).on('session', (session) => {
        this.#session = session;
      });
    }
  }

  /** Opens a connection for whoever is first in line, if there is room. */
  #refill(): void {
    if (this.#size >= this.#options.connections) return;
    while (this.#line[this.#first]?.gone === true) this.#first += 1;
    const next = this.#line[this.#first];
    if (next !== undefined) this.#connect(next);
  }

  #sweep(): void {
    const now = performance.now();
    // The oldest stand at the front.
    const stale = this.#idle.filter((connection) => connection.idleUntilMs <= now);
    for (const connection of stale) connection.destroy();
    if (this.#idle.length > 0 || this.#sweeper === null) return;
    clearInterval(this.#sweeper);
    this.#sweeper = null;
  }

  #settle(): void {
    if (this.#closed === null || this.#size > 0 || this.#line.length > this.#first) return;
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    this.#closed();
  }
}
