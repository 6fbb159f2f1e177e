/** Counts exported, failed and dropped spans, and logs when the export fails and when it works again. */
import { Counter, type Registry } from 'prom-client';
import type { Logger } from '../log/logger.ts';

export interface SpanEvents {
  exported(spans: number): void;
  /** The collector did not accept them. */
  failed(spans: number, cause: unknown): void;
  /** Too many were waiting. */
  dropped(spans: number): void;
}

export function createTraceMetrics(registry: Registry, log: Pick<Logger, 'info' | 'warn'>): SpanEvents {
  const spans = new Counter({
    name: 'rolegate_trace_spans_total',
    help: 'Recorded spans: exported, failed (the collector did not accept them) or dropped (too many were waiting).',
    labelNames: ['result'],
    registers: [registry],
  });
  for (const result of ['exported', 'failed', 'dropped']) spans.inc({ result }, 0);
  let failing = false;

  return {
    exported(count) {
      spans.inc({ result: 'exported' }, count);
      if (failing) log.info('spans are exported again');
      failing = false;
    },
    failed(count, cause) {
      spans.inc({ result: 'failed' }, count);
      if (!failing) log.warn({ err: cause }, 'spans cannot be exported: they are counted and dropped');
      failing = true;
    },
    dropped(count) {
      spans.inc({ result: 'dropped' }, count);
    },
  };
}
