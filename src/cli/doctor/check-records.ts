/** Where records and traces go: the folder of the records' file, and the collector of traces. */
import { resolve } from 'node:path';
import type { Config } from '../../config/config.ts';
import { type Check, findingsOf, withinCheck } from './check.ts';
import { fileFinding } from './check-file.ts';
import { connectionAdvice, seeServer } from './see-server.ts';

export function recordChecks(
  { records, tracing }: Pick<Config, 'records' | 'tracing'>,
  timeoutMs: number,
): readonly Check[] {
  const file = records?.file ?? null;
  const endpoint = tracing?.endpoint ?? null;
  return [
    ...(file === null ? [] : [fileCheck(resolve(file))]),
    ...(endpoint === null ? [] : [collectorCheck(endpoint, timeoutMs)]),
  ];
}

function fileCheck(path: string): Check {
  const subject = 'records.file';
  const findings = findingsOf('telemetry', subject);
  return {
    group: 'telemetry',
    subject,
    run: async () => [fileFinding(path, findings) ?? findings.ok(`${path} can be written`)],
  };
}

/** Requests do not depend on it, so nothing here is an error. */
function collectorCheck(endpoint: string, timeoutMs: number): Check {
  const subject = 'tracing.endpoint';
  const { ok, warning } = findingsOf('telemetry', subject);
  return {
    group: 'telemetry',
    subject,
    async run() {
      const seen = await seeServer(new URL(endpoint), null, { timeoutMs: withinCheck(timeoutMs, timeoutMs) });
      if ('failure' in seen)
        return [warning(`no response from the collector (${seen.failure})`, connectionAdvice(seen.failure, subject))];
      // It accepts POST alone, so another status is expected.
      if (seen.status !== 404) return [ok('the collector responds')];
      return [
        warning(
          'the collector has nothing at this path (404)',
          `OTLP over HTTP usually uses /v1/traces: correct "${subject}".`,
        ),
      ];
    },
  };
}
