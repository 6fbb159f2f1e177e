/** Records traces with OpenTelemetry, and sends them to a collector. It loads OpenTelemetry, and is itself loaded only if needed. */
import { randomUUID } from 'node:crypto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { TracingConfig } from '../../config/config.ts';
import type { TraceContext } from '../../core/request/trace-context.ts';
import type { AuthApiTrace } from '../auth-api-events.ts';
import type { SpanEvents } from '../metrics/process-metrics.ts';
import type { RequestTrace } from '../request-record.ts';
import type { Deciding } from './deciding.ts';
import { beginAuthApiTrace, RecordedTrace } from './recorded-trace.ts';
import { SpanQueue } from './span-queue.ts';

export interface RecorderOptions {
  readonly endpoint: string;
  readonly config: TracingConfig;
  readonly version: string;
  readonly deciding: Deciding;
  readonly events: SpanEvents;
}

export interface Recorder {
  /** Null: the trace begins here. */
  begin(parent: TraceContext | null): RequestTrace;
  /** The same for a request to the Auth API in this process. */
  beginAuthApi(parent: TraceContext | null): AuthApiTrace;
  /** Sends waiting spans. Never rejects. */
  close(): Promise<void>;
}

const sendEveryMs = 1_000;
const spansPerBatch = 512;

export function openRecorder({ endpoint, config, version, deciding, events }: RecorderOptions): Recorder {
  const { headers, queue, serviceName, timeoutMs } = config;
  const exporter = new OTLPTraceExporter({ url: endpoint, headers: { ...headers }, timeoutMillis: timeoutMs });
  const batch = (counted: ConstructorParameters<typeof BatchSpanProcessor>[0]['exporter']) =>
    new BatchSpanProcessor({
      exporter: counted,
      maxQueueSize: queue,
      maxExportBatchSize: Math.min(spansPerBatch, queue),
      scheduledDelayMillis: sendEveryMs,
      // The exporter ends earlier, by its own timeout.
      exportTimeoutMillis: timeoutMs + 1_000,
    });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': serviceName,
      'service.version': version,
      'service.instance.id': randomUUID(),
    }),
    // Sampling is decided before a span begins.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new SpanQueue(exporter, batch, queue, events)],
  });
  const tracer = provider.getTracer('rolegate', version);
  return {
    begin: (parent) => new RecordedTrace(tracer, parent, deciding),
    beginAuthApi: (parent) => beginAuthApiTrace(tracer, parent),
    close: () => provider.shutdown().catch(() => {}),
  };
}
