/**
 * Checks the health of a target at intervals. Checks have their own connection, so that a busy pool does not look like a failing service.
 * Any status below 400 passes; everything else, and silence, fails.
 */
import { Client } from 'undici';
import type { UpstreamConfig } from '../config/config.ts';
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
/** Maximum bytes of a response; a longer one is cut off and counts by its status. */
const maxResponseBytes = 16 * 1024;

export function watchHealth(
  upstream: string,
  target: Target,
  { path, intervalMs, timeoutMs }: NonNullable<UpstreamConfig['health']>,
  events?: HealthEvents,
): HealthWatch {
  const client = new Client(target.origin, {
    allowH2: false,
    connectTimeout: timeoutMs,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  let failures = 0;
  let running = false;
  let known = false;

  const check = async () => {
    if (running) return;
    running = true;
    const passed = await passes(client, path, timeoutMs);
    running = false;
    if (client.destroyed) return;
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
      void client.destroy();
    },
  };
}

/** Never rejects. */
async function passes(client: Client, path: string, timeoutMs: number): Promise<boolean> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const { statusCode, body } = await client.request({
      method: 'GET',
      path,
      headers: ['user-agent', 'rolegate-health'],
      signal,
    });
    await body.dump({ limit: maxResponseBytes });
    // A body that is cut off by the timeout ends without an error.
    return statusCode < 400 && !signal.aborted;
  } catch {
    return false;
  }
}
