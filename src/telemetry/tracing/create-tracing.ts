/**
 * The traces of a process: each request continues the trace of a trusted client or begins a new one, and may be recorded. The recorder is
 * loaded only if the configuration has a collector.
 */

import type { TracingConfig } from '../../config/config.ts';
import { readTraceContext, sampledFlag, type TraceContext } from '../../core/request/trace-context.ts';
import type { TraceCall, TraceLookUp } from '../../identity/events.ts';
import type { TraceRequest } from '../auth-api-events.ts';
import type { Logger } from '../log/logger.ts';
import type { SpanEvents } from '../metrics/process-metrics.ts';
import type { Tracing } from '../request-record.ts';
import { Deciding } from './deciding.ts';
import type { Recorder } from './open-recorder.ts';
import { newTrace, UnrecordedTrace } from './trace-headers.ts';

export interface TracingOptions {
  readonly version: string;
  readonly events: SpanEvents;
  readonly log: Pick<Logger, 'error'>;
}

export interface TracingInUse {
  /** Called at start and at each reload. Null: nothing is traced. */
  use(config: TracingConfig | null): Tracing | null;
  /** For calls to sources, by the request whose decision makes the call. */
  readonly traceCall: TraceCall;
  /** For look-ups that a decision begins. */
  readonly traceLookUp: TraceLookUp;
  /** For the Auth API in this process. */
  readonly traceAuthApi: TraceRequest;
  /** Resolves when requests are recorded by the current configuration. */
  ready(): Promise<void>;
  /** Sends waiting spans, within a time limit. */
  close(): Promise<void>;
}

const maxCloseMs = 2_000;

export function createTracing({ version, events, log }: TracingOptions): TracingInUse {
  const deciding = new Deciding();
  let inUse: TracingConfig | null = null;
  /** The settings of the current or next `recorder`. */
  let madeOf = '';
  let recorder: Recorder | null = null;
  /** Settles with the last change of `recorder`. */
  let changed: Promise<void> = Promise.resolve();

  async function record(config: TracingConfig | null, settings: string): Promise<void> {
    const before = recorder;
    recorder = null;
    void before?.close();
    const endpoint = config?.endpoint ?? null;
    if (config === null || endpoint === null) return;
    try {
      const { openRecorder } = await import('./open-recorder.ts');
      // Unless the configuration has changed meanwhile.
      if (settings === madeOf) recorder = openRecorder({ endpoint, config, version, deciding, events });
    } catch (cause) {
      log.error({ err: cause }, 'traces cannot be recorded');
    }
  }

  function parentOf({ trust }: TracingConfig, rawHeaders: readonly string[], trusted: boolean): TraceContext | null {
    return trusted || trust === 'all' ? readTraceContext(rawHeaders) : null;
  }

  /** Null: this trace is not recorded. */
  function recorderOf({ sample }: TracingConfig, parent: TraceContext | null): Recorder | null {
    const isRecorded = parent === null ? Math.random() < sample : (parent.flags & sampledFlag) !== 0;
    return isRecorded ? recorder : null;
  }

  return {
    use(config) {
      inUse = config;
      const settings = JSON.stringify(config);
      if (settings !== madeOf) {
        madeOf = settings;
        changed = record(config, settings);
      }
      if (config === null) return null;
      return {
        begin(rawHeaders, trusted) {
          const parent = parentOf(config, rawHeaders, trusted);
          return recorderOf(config, parent)?.begin(parent) ?? new UnrecordedTrace(parent ?? newTrace(), deciding);
        },
      };
    },
    traceCall: (call) => deciding.current?.traceCall(call) ?? null,
    traceLookUp: deciding.lookUp,
    traceAuthApi(rawHeaders, isTrusted) {
      if (inUse === null) return null;
      const parent = parentOf(inUse, rawHeaders, isTrusted());
      return recorderOf(inUse, parent)?.beginAuthApi(parent) ?? { traceId: (parent ?? newTrace()).traceId, end() {} };
    },
    ready: () => changed,
    async close() {
      await changed;
      const late = new Promise<void>((resolve) => setTimeout(resolve, maxCloseMs).unref());
      await Promise.race([recorder?.close(), late]);
    },
  };
}
