/** Log lines and traces of the requests to the Auth API. */
import type { IncomingMessage } from 'node:http';
import { traceIdOf } from '../../core/request/trace-parent.ts';
import type { Api, OperationEnd } from '../../operations/serve-operations.ts';
import type { TraceRequest } from '../../telemetry/auth-api-events.ts';
import type { AuthApiLog } from '../events.ts';
import { basePath } from '../operations/operation.ts';
import type { RefusalCode } from '../outcome/refusals.ts';
import type { Services } from '../services.ts';
import { type ForwardedTrust, isTrusted } from './client-address.ts';

export interface NotesOptions {
  readonly log: AuthApiLog;
  readonly trust: ForwardedTrust;
  readonly traceRequest: TraceRequest;
}

type End = OperationEnd<Services, RefusalCode>;

export function noteRequests({
  log,
  trust,
  traceRequest,
}: NotesOptions): Pick<Api<Services, RefusalCode>, 'begin' | 'refused'> {
  function note({ match, status, refusal, errorId, change }: End, ids: { readonly traceId?: string }): void {
    const operation = match?.operation?.name ?? 'none';
    if (change !== null) log.info({ ...ids, operation, ...change }, 'changed by an administrator');
    if (refusal === null) return;
    const { code, detail } = refusal;
    const err = detail.cause === undefined ? {} : { err: detail.cause };
    if (errorId === null) log.error({ ...ids, operation, ...err }, 'request failed while its response was written');
    else {
      const fields = { errorId, ...ids, operation, code, status };
      if (status < 500 || detail.cause === undefined) log.info(fields, 'request refused');
      else log.error({ ...fields, ...err }, 'request failed');
    }
  }

  return {
    begin({ method = '', rawHeaders, socket }: IncomingMessage) {
      const trace = traceRequest(rawHeaders, () => isTrusted(socket.remoteAddress ?? '', rawHeaders, trust));
      // Without tracing, the client's trace.
      const traceId = trace === null ? traceIdOf(rawHeaders) : trace.traceId;
      return (end) => {
        const { match, status, refusal, errorId } = end;
        note(end, traceId === null ? {} : { traceId });
        const isHealth = match?.operation != null && match.operation.base !== basePath;
        if (isHealth && refusal === null) return;
        const operation =
          match?.operation == null || isHealth ? null : { name: match.operation.name, path: match.path };
        trace?.end({ method, operation, status, code: refusal?.code ?? null, errorId });
      };
    },
    refused: (_request, end) => note(end, {}),
  };
}
