/**
 * `GET /metrics`, on an address of its own. On that of the Auth API, nothing could tell the operator from a client behind a
 * local proxy that adds no header.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuthApiLog, MetricsPage } from '../events.ts';
import { Refusal } from '../outcome/refusals.ts';
import { writeRefusal, writeServed } from './write-answer.ts';

/** Never rejects. */
export async function handleMetrics(
  request: IncomingMessage,
  response: ServerResponse,
  metrics: () => Promise<MetricsPage>,
  log: AuthApiLog,
): Promise<void> {
  try {
    const { method, url } = request;
    if (url !== '/metrics') writeRefusal(response, new Refusal('route_not_found'));
    else if (method !== 'GET' && method !== 'HEAD') {
      writeRefusal(response, new Refusal('method_not_allowed', { allow: ['GET', 'HEAD'] }));
    } else {
      const { type, text } = await metrics();
      writeServed(response, { status: 200, type, body: text });
    }
  } catch (error) {
    const errorId = writeRefusal(response, new Refusal('internal_error'));
    log.error({ errorId, err: error }, 'metrics could not be read');
  }
}
