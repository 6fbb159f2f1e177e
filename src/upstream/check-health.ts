/**
 * Checks the health of a target at intervals. Checks have their own connection, so that a busy pool does not look like a failing service.
 * Any status below 400 passes; everything else, and silence, fails.
 */
import type { UpstreamConfig } from '../config/config.ts';
import { Pool } from '../http1/client/pool.ts';
import type { ConnectionControl, ResponseHandler } from '../http1/client/request.ts';
import { announcing } from './announce.ts';
import type { Target } from './target.ts';

export interface HealthEvents {
  /** The health of a target is known for the first time, or changed. */
  upstreamHealth(upstream: string, target: string, healthy: boolean): void;
}

export interface HealthWatch {
  stop(): void;
}

/** Failed checks in a row that make a target unhealthy; one that passes makes it healthy again. */
const failuresToFall = 2;
/** How long a connection rests at most between two checks. */
const keepAliveMs = 4_000;
/** Maximum bytes of a response; a longer one is cut off and counts by its status. */
const maxResponseBytes = 16 * 1024;

export function watchHealth(
  upstream: string,
  target: Target,
  { path, intervalMs, timeoutMs }: NonNullable<UpstreamConfig['health']>,
  { tls, host, proxyProtocol }: Pick<UpstreamConfig, 'tls' | 'host' | 'proxyProtocol'>,
  events?: HealthEvents,
): HealthWatch {
  const pool = new Pool(target.origin, {
    connections: 1,
    connectTimeoutMs: timeoutMs,
    idleMs: keepAliveMs,
    tls,
    announce: announcing(proxyProtocol),
    unrequested: () => {},
  });
  let stopped = false;
  let failures = 0;
  let running = false;
  let known = false;

  const check = async () => {
    if (running) return;
    running = true;
    const passed = await passes(pool, hostOf(target, host), path, timeoutMs);
    running = false;
    if (stopped) return;
    failures = passed ? 0 : failures + 1;
    const settled = passed || failures >= failuresToFall;
    if (!settled || (known && passed === target.healthy)) return;
    known = true;
    target.healthy = passed;
    events?.upstreamHealth(upstream, target.origin, passed);
  };
  const timer = setInterval(check, intervalMs);
  timer.unref();
  void check();
  return {
    stop: () => {
      clearInterval(timer);
      stopped = true;
      void pool.destroy();
    },
  };
}

/** A check has no client whose Host could be kept. */
function hostOf({ url }: Target, host: string): string {
  return host === 'keep' || host === 'target' ? url.host : host;
}

/** Never rejects. */
function passes(pool: Pool, host: string, path: string, timeoutMs: number): Promise<boolean> {
  return new Promise((settle) => {
    const headers = ['host', host, 'user-agent', 'rolegate-health'];
    const request = { method: 'GET', path, headers, body: null, upgrade: false, group: 'health' };
    pool.dispatch(request, new Check(timeoutMs, settle));
  });
}

/** One check: a complete or a long enough response in time. */
class Check implements ResponseHandler {
  readonly #settle: (passed: boolean) => void;
  readonly #timer: NodeJS.Timeout;
  #control: ConnectionControl | null = null;
  #ended = false;
  #status = 0;
  #bytes = 0;

  constructor(timeoutMs: number, settle: (passed: boolean) => void) {
    this.#settle = settle;
    this.#timer = setTimeout(() => this.#abort(false), timeoutMs);
  }

  onRequestStart(control: ConnectionControl): boolean {
    this.#control = control;
    return !this.#ended;
  }

  onBodySent(): void {}

  onResponseStarted(): void {}

  onResponseHead(status: number): void {
    this.#status = status;
  }

  onResponseData(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > maxResponseBytes) this.#abort(this.#status < 400);
  }

  onResponseWaits(): void {}

  onUpgrade(): void {
    this.#abort(false);
  }

  onResponseEnd(): void {
    this.#end(this.#status < 400);
  }

  onResponseError(): void {
    this.#end(false);
  }

  #abort(passed: boolean): void {
    this.#end(passed);
    this.#control?.abort();
  }

  #end(passed: boolean): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#settle(passed);
  }
}
