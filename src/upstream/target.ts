/** One origin of an upstream: its connections, and its known health. */
import type { UpstreamConfig } from '../config/config.ts';
import { Pool } from '../http1/client/pool.ts';
import { announcing } from './announce.ts';

/** After a failed connection other targets are preferred for this long. */
const suspectMs = 2_000;
/** Idle connections are closed before common servers close theirs; a server's own `Keep-Alive` hint takes precedence. */
const keepAliveMs = 4_000;

export class Target {
  /** Such as `http://orders-1:8080`. */
  readonly origin: string;
  readonly url: URL;
  readonly pool: Pool;
  /** Maximum number. */
  readonly connections: number;
  /** The result of the last health checks; true without checks. */
  healthy = true;
  /** Requests handed to the pool that have not ended. */
  inFlight = 0;
  #suspectUntilMs = 0;

  /** `unrequested`: bytes of the service arrived that belong to no request. */
  constructor(origin: string, config: UpstreamConfig, unrequested: () => void) {
    this.origin = origin;
    this.url = new URL(origin);
    this.connections = config.connections;
    this.pool = new Pool(origin, {
      connections: config.connections,
      connectTimeoutMs: config.connectTimeoutMs,
      idleMs: keepAliveMs,
      tls: config.tls,
      announce: announcing(config.proxyProtocol),
      unrequested,
    });
  }

  /** Whether a connection failed a moment ago. */
  get suspect(): boolean {
    return this.#suspectUntilMs !== 0 && performance.now() < this.#suspectUntilMs;
  }

  connectionFailed(): void {
    this.#suspectUntilMs = performance.now() + suspectMs;
  }

  /** Lets requests in flight finish. */
  close(): Promise<void> {
    return this.pool.close();
  }

  destroy(): Promise<void> {
    return this.pool.destroy();
  }
}
