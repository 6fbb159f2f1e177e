/** Keys under `tracing`, of a gateway and of the Auth API alone. */
import { z } from 'zod';
import { token } from '../../core/syntax/header-fields.ts';
import { described, exposes, neither } from './key-class.ts';
import { refined } from './refine.ts';
import { fraction, integer, word } from './scalar.ts';
import { secret } from './secret.ts';
import { endpointUrl, words } from './source-values.ts';
import { duration } from './values.ts';

const headers = refined(
  z.record(z.string(), exposes(secret('the value of a header'), 'Value of the header.')),
  (parts, { atKey }) => {
    for (const name of Object.keys(parts)) if (!token.test(name)) atKey([name], 'expected the name of a header');
  },
  // What is below it has names that the schema does not know.
).meta({ isSecret: true });

/** `proxies`: who these are. `service`: the usual name of the service. */
export function tracingOf(proxies: string, service: string) {
  return z.strictObject({
    trust: neither(
      word(['proxies', 'all']).prefault('proxies'),
      `Clients whose traceparent and tracestate are used: ${proxies}, or all, who then choose trace ids and what is recorded. Requests of others begin a new trace.`,
    ),
    endpoint: exposes(
      endpointUrl().optional(),
      'URL of an OpenTelemetry collector, to which spans are sent by OTLP over HTTP (protobuf). If unset: none are recorded.',
      { examples: ['http://otel-collector:4318/v1/traces'] },
    ),
    headers: described(headers.prefault({}), 'Headers for the collector, such as a credential.', {
      examples: [{ authorization: `\${OTLP_AUTHORIZATION}` }],
    }),
    sample: neither(
      fraction().prefault(0.01),
      'Share of new traces that are recorded, from 0 to 1. A trace that a client began, and that counts, is recorded if the client records it.',
    ),
    serviceName: neither(words('the name of a service').prefault(service), 'Name of this service in traces.'),
    queue: neither(
      integer(64, 1_000_000).prefault(4096),
      'Spans that wait to be sent; beyond it they are counted and dropped.',
    ),
    timeout: neither(duration(100, 60_000).prefault('10s'), 'Longest time to send spans, retries included.'),
  });
}
