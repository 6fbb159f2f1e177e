/**
 * `GET /metrics`, on its own address. On that of the Auth API, an operator could not be distinguished from a client behind a local proxy
 * that adds no header.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type MetricsFormat, metricsFormat } from '../../operations/metrics-format.ts';
import { writeResponse } from '../../operations/write-response.ts';
import type { AuthApiLog, MetricsPage } from '../events.ts';
import { Refusal } from '../outcome/refusals.ts';
import { refusalResponse, servedResponse } from './responses.ts';

/** Never rejects. */
export async function handleMetrics(
  request: IncomingMessage,
  response: ServerResponse,
  metrics: (format: MetricsFormat) => Promise<MetricsPage>,
  log: AuthApiLog,
): Promise<void> {
  try {
    const { method, url } = request;
    if (url !== '/metrics') writeResponse(response, refusalResponse(new Refusal('route_not_found')));
    else if (method !== 'GET' && method !== 'HEAD') {
      writeResponse(response, refusalResponse(new Refusal('method_not_allowed', { allow: ['GET', 'HEAD'] })));
    } else {
      const { type, text } = await metrics(metricsFormat(request.headers.accept ?? ''));
      writeResponse(response, servedResponse({ status: 200, type, body: text }));
    }
  } catch (error) {
    const refusal = refusalResponse(new Refusal('internal_error'));
    writeResponse(response, refusal);
    log.error({ errorId: refusal.errorId, err: error }, 'metrics could not be read');
  }
}
