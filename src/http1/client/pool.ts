/**
 * The connections to one server. Idle ones are reused within their group, the latest first; beyond the limit, requests queue. A waiting
 * request holds no connection, and a connection that cannot be opened fails the request for which it was opened.
 *
 * A connection is reused only after the event loop has checked it for more bytes. Otherwise extra bytes after a response would become the
 * response to the next request, for another user.
 */
import { ClientError } from './client-error.ts';
import type { Connection, ConnectionOwner } from './connection.ts';
import { OpenConnections } from './open-connections.ts';
import type { OutgoingRequest, ResponseHandler } from './request.ts';

export interface PoolOptions {
  /** Maximum number of connections. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** How long an idle connection is kept if the server does not say. */
  readonly idleMs: number;
}

interface Waiting {
  readonly request: OutgoingRequest;
  readonly handler: ResponseHandler;
}

/** How often idle connections are checked. */
const sweepMs = 500;

export class Pool implements ConnectionOwner {
  readonly #options: PoolOptions;
  readonly #connections: OpenConnections;
  /** The one that became idle last is at the end. */
  readonly #idle: Connection[] = [];
  readonly #line: Waiting[] = [];
  /** Those that became free in this turn of the event loop. */
  #freed: Connection[] = [];
  #sweeper: NodeJS.Timeout | null = null;
  #closed: (() => void) | null = null;
  #closing: Promise<void> | null = null;
  #destroyed = false;

  constructor(origin: string, options: PoolOptions) {
    this.#options = options;
    this.#connections = new OpenConnections(new URL(origin), options, this);
  }

  /** Sends the request on a kept or a new connection, now or when its turn comes. Everything else is reported to `handler`. */
  dispatch(request: OutgoingRequest, handler: ResponseHandler): void {
    if (this.#closing !== null) {
      this.dispatchAlone(request, handler);
      return;
    }
    for (let i = this.#idle.length - 1; i >= 0; i -= 1) {
      const kept = this.#idle[i]!;
      if (kept.group !== request.group) continue;
      this.#idle.splice(i, 1);
      if (!kept.usable) continue;
      if (!kept.send(request, handler)) this.#idle.push(kept);
      return;
    }
    const waiting = { request, handler };
    this.#line.push(waiting);
    if (this.#connections.shared < this.#options.connections) this.#connect(waiting);
    // An idle connection of another group is closed to make room; its end lets the next in line connect.
    else this.#idle[0]?.destroy();
  }

  /** Sends the request on its own connection, which carries nothing else. */
  dispatchAlone(request: OutgoingRequest, handler: ResponseHandler): void {
    // As many as pooled ones, because retries are rare. Upgrades are bounded by the connections of clients.
    if (this.#destroyed || (!request.upgrade && this.#connections.alone >= this.#options.connections)) {
      handler.onResponseError(new ClientError('unreachable'));
      return;
    }
    const opened = (connection: Connection) => {
      if (!connection.send(request, handler)) connection.destroy();
    };
    const failed = (error: ClientError) => {
      handler.onResponseError(error);
      this.#settle();
    };
    this.#connections.open(request, true, opened, failed);
  }

  /**
   * Stops keeping connections, and resolves once requests in progress have ended. A request that was decided earlier, but whose body is
   * still arriving, is still sent.
   */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#closed = resolve;
    });
    for (const idle of this.#idle.splice(0)) idle.destroy();
    this.#settle();
    return this.#closing;
  }

  /** Aborts everything. */
  async destroy(): Promise<void> {
    this.#destroyed = true;
    const closed = this.close();
    for (const { handler } of this.#line.splice(0)) handler.onResponseError(new ClientError('closed'));
    this.#connections.destroy();
    await closed;
  }

  free(connection: Connection, silenceMs: number): void {
    if (silenceMs > 0) setTimeout(() => this.#reuse(connection), silenceMs).unref();
    else if (this.#freed.push(connection) === 1) setImmediate(this.#reuseFreed);
  }

  gone(connection: Connection): void {
    this.#connections.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#refill();
    this.#settle();
  }

  readonly #reuseFreed = (): void => {
    const freed = this.#freed;
    this.#freed = [];
    for (const connection of freed) this.#reuse(connection);
  };

  #reuse(connection: Connection): void {
    if (!connection.usable) return;
    if (this.#serveNext(connection)) return;
    if (this.#closing !== null) {
      connection.destroy();
      return;
    }
    this.#idle.push(connection);
    this.#sweeper ??= setInterval(() => this.#sweep(), sweepMs).unref();
    // Other groups may hold all connections.
    if (this.#line.length > 0 && this.#connections.shared >= this.#options.connections) connection.destroy();
  }

  /** Gives the connection to the first waiting request of its group that is still wanted. */
  #serveNext(connection: Connection): boolean {
    for (;;) {
      const at = this.#line.findIndex(({ request }) => request.group === connection.group);
      if (at < 0) return false;
      const [next] = this.#line.splice(at, 1);
      if (connection.send(next!.request, next!.handler)) return true;
    }
  }

  #connect(waiting: Waiting): void {
    const opened = (connection: Connection) => {
      if (!this.#serveNext(connection)) this.#reuse(connection);
    };
    const failed = (error: ClientError) => {
      const at = this.#line.indexOf(waiting);
      if (at >= 0) {
        this.#line.splice(at, 1);
        waiting.handler.onResponseError(error);
      }
      this.#refill();
      this.#settle();
    };
    this.#connections.open(waiting.request, false, opened, failed);
  }

  /** Opens a connection for the first in line, if there is room. */
  #refill(): void {
    const next = this.#line[0];
    if (next !== undefined && this.#connections.shared < this.#options.connections) this.#connect(next);
  }

  #sweep(): void {
    const now = performance.now();
    const stale = this.#idle.filter((connection) => connection.idleUntilMs <= now);
    for (const connection of stale) connection.destroy();
    if (this.#idle.length > 0 || this.#sweeper === null) return;
    clearInterval(this.#sweeper);
    this.#sweeper = null;
  }

  #settle(): void {
    if (this.#closed === null || this.#connections.size + this.#line.length > 0) return;
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    this.#closed();
  }
}
