/** Keys under `tracing`, of a gateway and of the Auth API alone. */
import { z } from 'zod';
import { token } from '../../core/syntax/header-fields.ts';
import { anyChange, described, exposes, higher, neither, ordered } from './key.ts';
import { refined } from './refine.ts';
import { fraction, integer, word } from './scalar.ts';
import { secret } from './secret.ts';
import { endpointUrl, words } from './source-values.ts';
import { duration } from './values.ts';

const headers = refined(
  z.record(
    z.string(),
    exposes(
      secret('the value of a header'),
      'Value of the header.',
      anyChange('another account at the collector receives the spans'),
    ),
  ),
  (parts, { atKey }) => {
    for (const name of Object.keys(parts)) if (!token.test(name)) atKey([name], 'expected the name of a header');
  },
  // The schema does not know the names below it.
).meta({ isSecret: true });

/** `proxies`: how the description calls them. `service`: the default service name. */
export function tracingOf(proxies: string, service: string) {
  return z.strictObject({
    trust: exposes(
      word(['proxies', 'all']).prefault('proxies'),
      `Clients whose traceparent and tracestate are used: ${proxies}, or all, which lets every client choose trace ids and what is recorded. Other requests begin a new trace.`,
      ordered(['proxies', 'all'], 'clients choose trace ids and what is recorded'),
    ),
    endpoint: exposes(
      endpointUrl().optional(),
      'URL of an OpenTelemetry collector, to which spans are sent by OTLP over HTTP (protobuf). If unset, none are recorded.',
      anyChange('another service receives the spans'),
      { examples: ['http://otel-collector:4318/v1/traces'] },
    ),
    headers: described(headers.prefault({}), 'Headers for the collector, such as a credential.', {
      examples: [{ authorization: `\${OTLP_AUTHORIZATION}` }],
    }),
    sample: exposes(
      fraction().prefault(0.01),
      'Share of new traces that are recorded, from 0 to 1. A trace that a trusted client began is recorded if the client records it.',
      higher('the collector sees more requests'),
    ),
    serviceName: neither(words('the name of a service').prefault(service), 'Name of this service in traces.'),
    queue: neither(
      integer(64, 1_000_000).prefault(4096),
      'Maximum number of spans that wait to be sent. Further ones are counted and dropped.',
    ),
    timeout: neither(duration(100, 60_000).prefault('10s'), 'Maximum time to send spans, including retries.'),
  });
}
