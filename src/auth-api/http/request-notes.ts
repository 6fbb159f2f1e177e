/** Log lines and the trace of one request to the Auth API. */
import type { IncomingMessage } from 'node:http';
import { traceIdOf } from '../../core/request/trace-parent.ts';
import type { AuthApiLog, RequestTrace, TraceRequest } from '../events.ts';
import type { Change } from '../operations/operation.ts';
import type { Refusal } from '../outcome/refusals.ts';
import { type ForwardedTrust, isTrusted } from './client-address.ts';
import type { MatchedOperation } from './match-operation.ts';

export interface NotesOptions {
  readonly log: AuthApiLog;
  readonly trust: ForwardedTrust;
  readonly traceRequest: TraceRequest;
}

export class RequestNotes {
  readonly #method: string;
  readonly #log: AuthApiLog;
  readonly #trace: RequestTrace | null;
  /** For each line; without tracing, the client's trace. */
  readonly #ids: { readonly traceId?: string };
  #matched: MatchedOperation | null = null;

  constructor({ method = '', rawHeaders, socket }: IncomingMessage, { log, trust, traceRequest }: NotesOptions) {
    this.#method = method;
    this.#log = log;
    this.#trace = traceRequest(rawHeaders, () => isTrusted(socket.remoteAddress ?? '', rawHeaders, trust));
    const traceId = this.#trace === null ? traceIdOf(rawHeaders) : this.#trace.traceId;
    this.#ids = traceId === null ? {} : { traceId };
  }

  entered(matched: MatchedOperation): void {
    this.#matched = matched;
  }

  /** Whatever becomes of the response. */
  changed(change: Change): void {
    this.#log.info({ ...this.#ids, operation: this.#operation, ...change }, 'changed by an administrator');
  }

  /** A health check is not an operation, and is not traced. */
  served(status: number): void {
    if (this.#matched !== null) this.#end(status, null, null);
  }

  /** `cause`: the internal failure, if any. */
  refused({ code }: Refusal, { errorId, status }: { errorId: string; status: number }, cause: unknown = null): void {
    const fields = { errorId, ...this.#ids, operation: this.#operation, code, status };
    if (status < 500 || cause === null) this.#log.info(fields, 'request refused');
    else this.#log.error({ ...fields, err: cause }, 'request failed');
    this.#end(status, code, errorId);
  }

  /** The response had begun. */
  broke(status: number, cause: unknown): void {
    const fields = { ...this.#ids, operation: this.#operation, err: cause };
    this.#log.error(fields, 'request failed while its response was written');
    this.#end(status, 'internal_error', null);
  }

  left(): void {
    this.#end(0, null, null);
  }

  get #operation(): string {
    return this.#matched?.operation.name ?? 'none';
  }

  #end(status: number, code: string | null, errorId: string | null): void {
    const matched = this.#matched;
    const operation = matched === null ? null : { name: matched.operation.name, path: matched.path };
    this.#trace?.end({ method: this.#method, operation, status, code, errorId });
  }
}
