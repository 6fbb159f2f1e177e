/** One origin of an upstream: its connections, and what is known of its health. */
import { Pool } from 'undici';
import type { UpstreamConfig } from '../config/config.ts';
import { TrackedClient } from './tracked-client.ts';

/** After a failed connection other targets are preferred for this long. */
const suspectMs = 2_000;
/** Requests that may wait for each connection; beyond it the gateway is at capacity. */
const waitingPerConnection = 8;
/** Idle connections are closed before the usual servers close theirs; a server's own `Keep-Alive` hint wins. */
const keepAliveMs = 4_000;
const keepAliveMaxMs = 60_000;
/** Headers of an answer, bytes. */
const maxAnswerHeaderBytes = 64 * 1024;

export class Target {
  /** Such as `http://orders-1:8080`. */
  readonly origin: string;
  readonly url: URL;
  readonly pool: Pool;
  /**
   * What `undici` takes for the name of the peer; the connection verifies the target's own (`tracked-client.ts`). Given,
   * so that it is not made of the client's Host at each request, and constant, so that connections are kept.
   */
  readonly servername: string;
  /** What the last health checks said; true without checks. */
  healthy = true;
  /** Requests handed to the pool and not over yet. */
  inFlight = 0;
  readonly #limit: number;
  readonly #options: Pool.Options;
  #suspectUntilMs = 0;
  #fresh: Pool | null = null;

  constructor(origin: string, config: UpstreamConfig) {
    this.origin = origin;
    this.url = new URL(origin);
    this.servername = this.url.hostname;
    this.#limit = config.connections * (1 + waitingPerConnection);
    this.#options = {
      factory: (url, options) => new TrackedClient(url, options),
      connections: config.connections,
      connectTimeout: config.connectTimeoutMs,
      pipelining: 1,
      allowH2: false,
      // Waiting for an answer, and between its parts, is the deadline wheel's business.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMaxMs,
      maxHeaderSize: maxAnswerHeaderBytes,
    };
    this.pool = new Pool(origin, this.#options);
  }

  /** Connections that serve one request each, for the retry after a kept one turned out to be closed. */
  get freshPool(): Pool {
    this.#fresh ??= new Pool(this.origin, { ...this.#options, pipelining: 0 });
    return this.#fresh;
  }

  get full(): boolean {
    return this.inFlight >= this.#limit;
  }

  /** Whether a connection failed a moment ago. */
  get suspect(): boolean {
    return this.#suspectUntilMs !== 0 && performance.now() < this.#suspectUntilMs;
  }

  connectionFailed(): void {
    this.#suspectUntilMs = performance.now() + suspectMs;
  }

  /** Lets requests in flight finish. */
  async close(): Promise<void> {
    await Promise.all([this.pool.close(), this.#fresh?.close()]);
  }

  async destroy(): Promise<void> {
    await Promise.all([this.pool.destroy(), this.#fresh?.destroy()]);
  }
}
