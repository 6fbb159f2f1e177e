/** Counts what the Auth API in this process does: embedded in the gateway, or alone. */
import { Counter, Registry } from 'prom-client';
import type { MetricsFormat } from '../../operations/metrics-format.ts';
import {
  type ForwardedIgnored,
  forwardedIgnored,
  type MailOutcome,
  type MailState,
  mailOutcomes,
} from '../auth-api-events.ts';
import type { OutputEvents } from '../log/log-output.ts';
import type { Logger } from '../log/logger.ts';
import { createBuildMetric, createLogMetrics, createTraceMetrics, type SpanEvents } from './process-metrics.ts';
import { readingsIn } from './readings.ts';
import { type MetricsPage, pageOf, withRuntime } from './registry.ts';
import { createTlsMetrics } from './tls-metrics.ts';

/** Null: no mail is sent. */
export type ReadMailState = () => MailState | null;

export interface AuthApiMetrics {
  /** A request whose forwarded headers were ignored. */
  readonly onForwardedIgnored: (reason: ForwardedIgnored) => void;
  /** The outcome of an attempt to send a mail. */
  readonly onMail: (outcome: MailOutcome) => void;
  /** Called by each scrape for the current queue. */
  watchMail(read: ReadMailState): void;
}

export function createAuthApiMetrics(registry: Registry): AuthApiMetrics {
  const registers = [registry];
  const read = readingsIn(registry);
  let mailState: ReadMailState = () => null;
  const ignored = new Counter({
    name: 'rolegate_auth_forwarded_ignored_total',
    help: 'Requests to the Auth API in this process whose forwarded headers were ignored, so that the peer counts as the client.',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of forwardedIgnored) ignored.inc({ reason }, 0);
  const mails = new Counter({
    name: 'rolegate_auth_mails_total',
    help: 'Mails of the Auth API in this process, by outcome; a mail that is tried again counts each time.',
    labelNames: ['outcome'],
    registers,
  });
  read.gauge(
    'rolegate_auth_mail_queue',
    'Mails of the Auth API in this process that wait for the mail server or are being sent.',
    () => mailState()?.queued ?? null,
  );
  read.gauge(
    'rolegate_auth_mail_failing',
    '1 if the last attempt to use the mail server failed, otherwise 0.',
    () => mailState()?.failing ?? null,
    'max',
  );
  return {
    onForwardedIgnored: (reason) => ignored.inc({ reason }),
    onMail: (outcome) => mails.inc({ outcome }),
    watchMail(read) {
      mailState = read;
      // No samples if no mail is sent.
      if (read() !== null) for (const outcome of mailOutcomes) mails.inc({ outcome }, 0);
    },
  };
}

export interface LoneAuthApiMetrics extends AuthApiMetrics {
  /** Counts exported, failed and dropped spans. */
  readonly spanEvents: SpanEvents;
  /** Adds a port to the sources of scrapes. */
  readonly watchTls: ReturnType<typeof createTlsMetrics>;
  page(format: MetricsFormat): Promise<MetricsPage>;
}

/** Of an Auth API that runs alone: what its log needs, before there is one. */
export function createLoneRegistry(version: string): { readonly registry: Registry; readonly logEvents: OutputEvents } {
  const registry = new Registry();
  createBuildMetric(registry, version);
  return { registry, logEvents: createLogMetrics(registry) };
}

/** `own`: of `createLoneRegistry`. */
export function createLoneAuthApiMetrics(own: Registry, log: Pick<Logger, 'info' | 'warn'>): LoneAuthApiMetrics {
  const metrics = createAuthApiMetrics(own);
  const spanEvents = createTraceMetrics(own, log);
  const watchTls = createTlsMetrics(own);
  const registry = withRuntime(own);
  return { ...metrics, spanEvents, watchTls, page: (format) => pageOf(registry, format) };
}
