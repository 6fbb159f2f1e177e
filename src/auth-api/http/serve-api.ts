/** The HTTP server of the Auth API, and that of its metrics, on an address of its own. */
import { preferredLanguage } from '../../core/request/preferred-language.ts';
import type { HttpLimits, HttpServer } from '../../operations/http-server.ts';
import { type MetricsFormat, metricsFormat } from '../../operations/metrics-format.ts';
import { operationsOf } from '../../operations/operation.ts';
import { hasValidHostCount, headerValues } from '../../operations/read-request.ts';
import { Reply } from '../../operations/responses.ts';
import { serveOperations } from '../../operations/serve-operations.ts';
import { noCredential } from '../credentials/credential-rule.ts';
import type { MetricsPage } from '../events.ts';
import { basePath, type Operation, rules } from '../operations/operation.ts';
import { Refusal, type RefusalCode, refusalTable } from '../outcome/refusals.ts';
import type { Services } from '../services.ts';
import { OwnerGoneError, StoreUnavailableError } from '../store/store-errors.ts';
import { clientAddress } from './client-address.ts';
import { type NotesOptions, noteRequests } from './request-notes.ts';

export interface ServeOptions extends NotesOptions {
  readonly services: Services;
  readonly limits: Partial<HttpLimits>;
}

const defaultLimits: HttpLimits = {
  headerBytes: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 20_000,
  keepAliveTimeoutMs: 30_000,
  timeoutCheckMs: 1_000,
  connections: 4_096,
};

const maxBodyBytes = 16 * 1024;
/** Maximum length of a stored user agent; the rest is cut off. */
const maxUserAgentLength = 512;

export function serveApi(operations: readonly Operation[], options: ServeOptions): HttpServer {
  const { services, limits, trust } = options;
  return serveOperations({
    operations,
    services,
    table: refusalTable,
    limits: { ...defaultLimits, ...limits },
    maxBodyBytes,
    headers: [],
    absoluteForm: true,
    targetInvalid: 'target_invalid',
    admit(request, _match, body) {
      if (!hasValidHostCount(request)) return new Refusal('host_invalid');
      return body === 'too_large' ? new Refusal('body_too_large') : null;
    },
    clientOf({ rawHeaders, headers, socket }, { base }) {
      const peer = socket.remoteAddress ?? '';
      return {
        // Checks of health use no client: what they say of one is neither counted nor logged.
        ip: base === basePath ? clientAddress(peer, rawHeaders, trust) : peer,
        userAgent: (headers['user-agent'] ?? '').slice(0, maxUserAgentLength),
        language: preferredLanguage(rawHeaders),
      };
    },
    failure(cause) {
      if (cause instanceof StoreUnavailableError) return new Refusal('store_unavailable', { retryAfterS: 2, cause });
      // The credential was valid when the request arrived, but the account was removed before it was served.
      return new Refusal(cause instanceof OwnerGoneError ? 'credential_rejected' : 'internal_error', { cause });
    },
    ...noteRequests(options),
  });
}

/**
 * `GET /metrics`, on its own address. On that of the Auth API, an operator could not be distinguished from a client behind a local proxy
 * that adds no header.
 */
export function metricsOperation(metrics: (format: MetricsFormat) => Promise<MetricsPage>): Operation {
  return operationsOf<Services, RefusalCode>({ ...rules, base: '' })({
    name: 'readMetrics',
    summary: 'Returns the metrics',
    method: 'GET',
    paths: ['/metrics'],
    credential: noCredential,
    async handle({ rawHeaders }) {
      const { type, text } = await metrics(metricsFormat(headerValues(rawHeaders, 'accept').join()));
      return new Reply(text, { type });
    },
  });
}
