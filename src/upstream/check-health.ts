/**
 * Asks a target now and then whether it is well. Checks have a connection of their own, so that a busy pool does not
 * look like a sick service. Any status below 400 is well; everything else, and silence, is not.
 */
import { Client } from 'undici';
import type { UpstreamConfig } from '../config/config.ts';
import type { Target } from './target.ts';

export interface HealthEvents {
  /** The health of a target changed. */
  upstreamHealth(upstream: string, target: string, healthy: boolean): void;
}

export interface HealthWatch {
  stop(): void;
}

/** Failed checks in a row that make a target unhealthy; one good check makes it healthy again. */
const failuresToFall = 2;
/** Bytes of an answer that are read; a longer one is cut off and counts by its status. */
const maxAnswerBytes = 16 * 1024;

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

  const check = async () => {
    if (running) return;
    running = true;
    const well = await ask(client, path, timeoutMs);
    running = false;
    failures = well ? 0 : failures + 1;
    const healthy = well || (target.healthy && failures < failuresToFall);
    if (healthy === target.healthy || client.destroyed) return;
    target.healthy = healthy;
    events?.upstreamHealth(upstream, target.origin, healthy);
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
async function ask(client: Client, path: string, timeoutMs: number): Promise<boolean> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const { statusCode, body } = await client.request({
      method: 'GET',
      path,
      headers: ['user-agent', 'rolegate-health'],
      signal,
    });
    await body.dump({ limit: maxAnswerBytes });
    // A body that the time cut short ends without an error.
    return statusCode < 400 && !signal.aborted;
  } catch {
    return false;
  }
}
