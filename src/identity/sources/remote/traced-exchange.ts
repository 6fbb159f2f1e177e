/** An HTTP exchange with a source as part of the trace of the request whose decision needs it. */
import type { Dispatcher } from 'undici';
import type { TraceCall } from '../../events.ts';
import { exchange, type HttpRequest } from './http-exchange.ts';

export interface Exchanging {
  /** Name of the source. */
  readonly source: string;
  readonly dispatcher: Dispatcher;
  /** Unset: no call is traced. */
  readonly traceCall: TraceCall | undefined;
}

/** Never rejects. */
export async function tracedExchange(
  { source, dispatcher, traceCall }: Exchanging,
  origin: string,
  request: HttpRequest,
  timeoutMs: number,
): ReturnType<typeof exchange> {
  const { method, path } = request;
  const url = origin + path.split('?', 1)[0];
  const call = traceCall?.({ source, method, url }) ?? null;
  if (call === null) return await exchange(dispatcher, request, timeoutMs, origin);
  const headers = [...request.headers, ...call.headers];
  const result = await exchange(dispatcher, { ...request, headers }, timeoutMs, origin);
  if ('kind' in result) call.end(0, result.kind);
  else call.end(result.status, null);
  return result;
}
