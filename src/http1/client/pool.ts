/**
 * The connections to one server. Idle ones are reused within their group; beyond the limit, requests queue.
 *
 * A connection is reused only after the event loop has checked it for more bytes. Otherwise extra bytes after a response would become the
 * response to the next request, for another user. For bytes that come later, connections in regular use take turns: such bytes then close
 * a connection that rests.
 */
import { ClientError } from './client-error.ts';
import type { Connection, ConnectionOwner } from './connection.ts';
import { OpenConnections } from './open-connections.ts';
import type { Announce } from './open-socket.ts';
import type { OutgoingRequest, ResponseHandler } from './request.ts';
import { RequestQueue } from './request-queue.ts';
import type { TlsClient } from './tls-options.ts';

export interface PoolOptions {
  /** Maximum number of connections. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** How long an idle connection is kept if the server does not say. */
  readonly idleMs: number;
  /** For an origin with https; null: the defaults of Node. */
  readonly tls: TlsClient | null;
  /** What each connection begins with. Requests of different clients then need different groups. If unset or null: nothing. */
  readonly announce?: Announce | null;
  /** Bytes of the server arrived that belong to no request. */
  readonly unrequested: () => void;
}

/**
 * Connections that have rested for more than this part of their idle time do not take turns: the server may be about to close them, and
 * those that are not needed shall end.
 */
const partOfIdleTime = 1 / 8;
/** How often idle connections are checked. */
const sweepMs = 500;

export class Pool implements ConnectionOwner {
  readonly #connections: OpenConnections;
  readonly unrequested: () => void;
  /** The one that became idle last is at the end. */
  readonly #idle: Connection[] = [];
  readonly #queue: RequestQueue;
  /** Those whose server has to be silent for a while, the first to become idle first. */
  readonly #silenced = new Set<Connection>();
  /** Those that became free in this turn of the event loop. */
  #freed: Connection[] = [];
  #sweeper: NodeJS.Timeout | null = null;
  #closed: (() => void) | null = null;
  #closing: Promise<void> | null = null;

  constructor(origin: string, options: PoolOptions) {
    this.#connections = new OpenConnections(new URL(origin), options, this);
    this.unrequested = options.unrequested;
    const opened = (connection: Connection) => this.#reuse(connection);
    this.#queue = new RequestQueue(this.#connections, opened, this.#settle);
  }

  /** Sends the request on a kept or a new connection, now or when its turn comes. Everything else is reported to `handler`. */
  dispatch(request: OutgoingRequest, handler: ResponseHandler): void {
    if (this.#closing !== null) {
      this.dispatchAlone(request, handler);
      return;
    }
    const kept = this.#takeIdle(request.group);
    if (kept !== null) {
      if (!kept.send(request, handler)) this.#idle.push(kept);
    } else if (!this.#queue.add(request, handler)) {
      this.#makeRoom();
    }
  }

  /** The one that has rested longest, or, if that is too long, the one that has rested shortest. */
  #takeIdle(group: string): Connection | null {
    const inGroup = (connection: Connection) => connection.group === group && connection.usable;
    const first = this.#idle.findIndex(inGroup);
    if (first < 0) return null;
    const { idleSinceMs, idleUntilMs } = this.#idle[first]!;
    const inTurn = performance.now() - idleSinceMs <= (idleUntilMs - idleSinceMs) * partOfIdleTime;
    const [taken] = this.#idle.splice(inTurn ? first : this.#idle.findLastIndex(inGroup), 1);
    return taken!;
  }

  /** Closes an idle connection of another group, or one that cannot be used yet; its end lets the next in line connect. */
  #makeRoom(): void {
    const [silenced] = this.#silenced;
    (this.#idle[0] ?? silenced)?.destroy();
  }

  /** Sends the request on its own connection, which carries nothing else. The caller bounds their number. */
  dispatchAlone(request: OutgoingRequest, handler: ResponseHandler): void {
    this.#connections.sendAlone(request, handler, this.#settle);
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
    // First, so that a request that is sent again after its failure opens no connection.
    this.#connections.destroy();
    const closed = this.close();
    this.#queue.fail(new ClientError('closed'));
    this.#settle();
    await closed;
  }

  free(connection: Connection, silenceMs: number): void {
    if (silenceMs === 0) {
      if (this.#freed.push(connection) === 1) setImmediate(this.#reuseFreed);
      return;
    }
    this.#silenced.add(connection);
    // If the process stood still meanwhile, bytes may have arrived that the event loop has not read.
    const over = () => {
      if (this.#silenced.delete(connection)) this.free(connection, 0);
    };
    setTimeout(over, silenceMs).unref();
  }

  left(connection: Connection): void {
    this.#connections.leave(connection);
    this.#queue.connect();
  }

  gone(connection: Connection): void {
    this.#connections.delete(connection);
    this.#silenced.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#queue.connect();
    this.#settle();
  }

  readonly #reuseFreed = (): void => {
    const freed = this.#freed;
    this.#freed = [];
    for (const connection of freed) this.#reuse(connection);
  };

  #reuse(connection: Connection): void {
    if (!connection.usable) return;
    const { waiting } = this.#queue;
    if (waiting.length > 0 && this.#queue.serve(connection)) return;
    // Other groups may hold all connections.
    if (this.#closing !== null || (waiting.length > 0 && this.#connections.full)) {
      connection.destroy();
      return;
    }
    this.#idle.push(connection);
    this.#sweeper ??= setInterval(() => this.#sweep(), sweepMs).unref();
  }

  #sweep(): void {
    const now = performance.now();
    const stale = this.#idle.filter((connection) => connection.idleUntilMs <= now);
    for (const connection of stale) connection.destroy();
    if (this.#idle.length > 0 || this.#sweeper === null) return;
    clearInterval(this.#sweeper);
    this.#sweeper = null;
  }

  readonly #settle = (): void => {
    if (this.#closed === null || this.#connections.size + this.#queue.waiting.length > 0) return;
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    this.#closed();
  };
}
