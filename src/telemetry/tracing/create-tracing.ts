/**
 * The traces of a process: where each request belongs, as trusted clients say or as a new trace, and whether it is recorded. What
 * records is loaded when the configuration names a collector, and not before.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { TraceRequest } from '../../auth-api/events.ts';
import type { TracingConfig } from '../../config/config.ts';
import { readTraceContext, sampledFlag, type TraceContext } from '../../core/request/trace-context.ts';
import type { TraceCall } from '../../identity/events.ts';
import type { Logger } from '../log/logger.ts';
import type { SpanEvents } from '../metrics/trace-metrics.ts';
import type { Tracing } from '../request-trace.ts';
import type { Recorder } from './open-recorder.ts';
import { newTrace } from './trace-headers.ts';
import { UnrecordedTrace } from './unrecorded-trace.ts';

export interface TracingOptions {
  readonly version: string;
  readonly events: SpanEvents;
  readonly log: Pick<Logger, 'error'>;
}

export interface TracingInUse {
  /** At start and at each reload. Null: nothing is traced. */
  use(config: TracingConfig | null): Tracing | null;
  /** For the sources: by the request whose decision makes the call. */
  readonly traceCall: TraceCall;
  /** For the Auth API in this process. */
  readonly traceAuthApi: TraceRequest;
  /** Resolves when requests are recorded as the configuration in use says. */
  ready(): Promise<void>;
  /** Sends what waits, within a bound. */
  close(): Promise<void>;
}

/** The trace of the request whose decision is being made: by the context of the call, as a look-up is many calls away from the request. */
export type Deciding = AsyncLocalStorage<{ readonly traceCall: TraceCall }>;

const longestCloseMs = 2_000;

export function createTracing({ version, events, log }: TracingOptions): TracingInUse {
  const deciding: Deciding = new AsyncLocalStorage();
  let inUse: TracingConfig | null = null;
  /** The settings that `recorder` is, or will be, made of. */
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
      // Unless another configuration came meanwhile.
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
    traceCall: (call) => deciding.getStore()?.traceCall(call) ?? null,
    traceAuthApi(rawHeaders, isTrusted) {
      if (inUse === null) return null;
      const parent = parentOf(inUse, rawHeaders, isTrusted());
      return recorderOf(inUse, parent)?.beginAuthApi(parent) ?? { traceId: (parent ?? newTrace()).traceId, end() {} };
    },
    ready: () => changed,
    async close() {
      await changed;
      const late = new Promise<void>((resolve) => setTimeout(resolve, longestCloseMs).unref());
      await Promise.race([recorder?.close(), late]);
    },
  };
}
