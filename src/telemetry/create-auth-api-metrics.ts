/** The metrics of an Auth API that runs alone. */
import type { ForwardedIgnored } from '../auth-api/http/client-address.ts';
import type { MailOutcome } from '../auth-api/outbox/mail-events.ts';
import { formatMetric } from './exposition.ts';
import { ForwardedTally } from './forwarded-tally.ts';
import { MailTally, type ReadMailState } from './mail-tally.ts';
import { metricsCatalog } from './metrics-catalog.ts';
import { metricsContentType, observeRuntime, runtimeMetricsText } from './runtime-metrics.ts';

export interface AuthApiMetrics {
  readonly onForwardedIgnored: (reason: ForwardedIgnored) => void;
  readonly onMail: (outcome: MailOutcome) => void;
  watchMail(read: ReadMailState): void;
  /** In the Prometheus text format. */
  page(): Promise<{ readonly type: string; readonly text: string }>;
}

export function createAuthApiMetrics(version: string): AuthApiMetrics {
  const forwarded = new ForwardedTally();
  const mail = new MailTally();
  observeRuntime();
  return {
    onForwardedIgnored: forwarded.add,
    onMail: mail.add,
    watchMail: (read) => mail.watch(read),
    async page() {
      let text = formatMetric(metricsCatalog.build, [{ labels: [version, process.version], value: 1 }]);
      for (const [key, samples] of [...forwarded.samples(), ...mail.samples()])
        text += formatMetric(metricsCatalog[key], samples);
      return { type: metricsContentType, text: text + (await runtimeMetricsText()) };
    },
  };
}
