/** Observes ended requests: metrics, a log line, the end of the trace, and a record for some. */
import { countRequest } from './metrics/count-request.ts';
import type { RequestSeries } from './metrics/request-series.ts';
import type { ObserveRequest } from './request-record.ts';

export interface KeptRequests {
  /** One of this many allowed requests is kept on average; 0: none. Refused and failed requests are always kept, and those with an error id. */
  readonly oneInAllowed: number;
  /** Never throws. */
  readonly keep: ObserveRequest;
}

export interface RequestObserver {
  /** Called once for every ended request. Never throws. */
  readonly observe: ObserveRequest;
  /** Which requests are kept for look-ups; null: none. */
  keepRequests(kept: KeptRequests | null): void;
}

/** `writeLine` null: no request has a line. `random`: from 0 to below 1. */
export function createRequestObserver(
  series: RequestSeries,
  writeLine: ObserveRequest | null,
  random: () => number,
): RequestObserver {
  let kept: KeptRequests | null = null;
  let untilAllowed = 1;

  /**
   * The distance to the next one is random: otherwise, for clients that repeat a pattern, the same request of it would be kept each time.
   */
  function isSampled(oneInAllowed: number): boolean {
    if (oneInAllowed === 0) return false;
    untilAllowed -= 1;
    if (untilAllowed > 0) return false;
    untilAllowed = 1 + Math.floor(random() * (2 * oneInAllowed - 1));
    return true;
  }

  return {
    observe(record) {
      try {
        countRequest(series, record);
        writeLine?.(record);
        record.trace?.end(record);
      } catch (cause) {
        // A failure of telemetry may cost a line, never the process.
        process.emitWarning(cause instanceof Error ? cause : String(cause));
      }
      if (kept === null) return;
      const { reason, errorId } = record;
      if (reason !== null || errorId !== null || isSampled(kept.oneInAllowed)) kept.keep(record);
    },
    keepRequests(next) {
      kept = next;
    },
  };
}
