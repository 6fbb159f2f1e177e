/** Counts what services send without a request, and logs it once a minute for each target. */
import { Counter, type Registry } from 'prom-client';
import type { Logger } from '../log/logger.ts';

export interface UnrequestedResponses {
  arrived(upstream: string, target: string): void;
  /** Called at start and at each reload. */
  useUpstreams(names: Iterable<string>): void;
}

/** Minimum time between two log lines about one target. */
const quietMs = 60_000;

export function createUnrequestedResponses(registry: Registry, log: Pick<Logger, 'warn'>): UnrequestedResponses {
  const responses = new Counter({
    name: 'rolegate_upstream_unrequested_responses_total',
    help: 'Connections to an upstream that were closed because bytes arrived on them that belong to no request.',
    labelNames: ['upstream'],
    registers: [registry],
  });
  let inUse: ReadonlySet<string> = new Set();
  /** By target, in milliseconds of the process. */
  let loggedAt = new Map<string, number>();

  return {
    arrived(upstream, target) {
      if (!inUse.has(upstream)) return;
      responses.inc({ upstream });
      const key = `${upstream} ${target}`;
      const nowMs = performance.now();
      if (nowMs - (loggedAt.get(key) ?? -quietMs) < quietMs) return;
      loggedAt.set(key, nowMs);
      log.warn({ upstream, target }, 'a service sent bytes without a request: it may treat request bodies as requests');
    },
    useUpstreams(names) {
      const next = new Set(names);
      for (const upstream of inUse) if (!next.has(upstream)) responses.remove({ upstream });
      for (const upstream of next) responses.inc({ upstream }, 0);
      inUse = next;
      loggedAt = new Map();
    },
  };
}
