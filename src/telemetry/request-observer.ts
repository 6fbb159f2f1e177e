/** Observes ended requests: metrics, a log line, the end of the trace, and a record for some. */
import type { WriteLine } from './log/access-log.ts';
import { countRequest } from './metrics/count-request.ts';
import type { RequestSeries } from './metrics/request-series.ts';
import type { ObserveRequest, RequestRecord } from './request-record.ts';

export interface Recording {
  /** Share of allowed requests that are chosen, on average. Refused and failed requests and those with an error id are always chosen. */
  readonly allowedSample: number;
  /** Whether it takes every request, or only the chosen ones. */
  readonly every: boolean;
  /** Never throws. */
  ended(record: RequestRecord, chosen: boolean): void;
}

export interface RequestObserver {
  /** Called once for every ended request. Never throws. */
  readonly observe: ObserveRequest;
  /** Null: nothing is recorded, and no allowed request is chosen. */
  recordRequests(recording: Recording | null): void;
}

/** `writeLine` null: no request has a line. `random`: from 0 to below 1. */
export function createRequestObserver(
  series: RequestSeries,
  writeLine: WriteLine | null,
  random: () => number,
): RequestObserver {
  let recording: Recording | null = null;
  /** Mean distance of two chosen ones. */
  let oneIn = Number.POSITIVE_INFINITY;
  let untilAllowed = 1;

  /**
   * The distance to the next one is random: otherwise, for clients that repeat a pattern, the same request of it would be chosen each time.
   */
  function isSampled(): boolean {
    if (oneIn === Number.POSITIVE_INFINITY) return false;
    untilAllowed -= 1;
    if (untilAllowed > 0) return false;
    untilAllowed += 1 + 2 * random() * (oneIn - 1);
    return true;
  }

  return {
    observe(record) {
      const chosen = record.reason !== null || record.errorId !== null || isSampled();
      try {
        countRequest(series, record);
        writeLine?.(record, chosen);
        record.trace?.end(record);
      } catch (cause) {
        // A failure of telemetry may cost a line, never the process.
        process.emitWarning(cause instanceof Error ? cause : String(cause));
      }
      if (recording !== null && (chosen || recording.every)) recording.ended(record, chosen);
    },
    recordRequests(next) {
      recording = next;
      oneIn = next === null ? Number.POSITIVE_INFINITY : 1 / next.allowedSample;
      untilAllowed = Math.min(untilAllowed, oneIn);
    },
  };
}
