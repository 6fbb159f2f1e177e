/** Sends spans to the collector in OpenTelemetry's batches, with a bound on all of them and a count of every outcome. */
import type { BatchSpanProcessor, ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { SpanEvents } from '../metrics/process-metrics.ts';

/** 0 is success in the results of OpenTelemetry. */
const success = 0;

export class SpanQueue implements SpanProcessor {
  readonly #batches: SpanProcessor;
  readonly #most: number;
  readonly #events: SpanEvents;
  /** Spans in a batch that is being filled or sent. */
  #waiting = 0;

  /** `batch`: creates OpenTelemetry's batch processor for an exporter. */
  constructor(
    exporter: SpanExporter,
    batch: (exporter: SpanExporter) => BatchSpanProcessor,
    most: number,
    events: SpanEvents,
  ) {
    this.#most = most;
    this.#events = events;
    this.#batches = batch({
      export: (spans, done) =>
        exporter.export(spans, ({ code, error }) => {
          this.#waiting -= spans.length;
          if (code === success) events.exported(spans.length);
          else events.failed(spans.length, error);
          // Counted and logged here: there is nothing more to report.
          done({ code: success });
        }),
      shutdown: () => exporter.shutdown(),
    });
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#waiting >= this.#most) {
      this.#events.dropped(1);
      return;
    }
    this.#waiting += 1;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }
}
