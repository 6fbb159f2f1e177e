/**
 * Node's own metrics: once for a process, since what observes it cannot be taken down again. The library is loaded a
 * little after the start, or with the first scrape, for it takes a tenth of the time that a start takes.
 */
import type { Registry } from 'prom-client';

const loadAfterMs = 2_000;

/** Of the Prometheus text format. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

let ofProcess: Promise<Registry> | null = null;

/** Begins to observe the process soon; should that fail, a scrape tells. */
export function observeRuntime(): void {
  if (ofProcess === null) setTimeout(() => registry().catch(() => {}), loadAfterMs).unref();
}

/** In the Prometheus text format. */
export async function runtimeMetricsText(): Promise<string> {
  return (await registry()).metrics();
}

function registry(): Promise<Registry> {
  ofProcess ??= import('prom-client').then(({ collectDefaultMetrics, Registry }) => {
    const made = new Registry();
    collectDefaultMetrics({ register: made });
    return made;
  });
  return ofProcess;
}
