/** Responses of the Auth API: the result of an operation, or the problem of a refusal. */
import { randomUUID } from 'node:crypto';
import type { HttpLimits } from '../../operations/http-server.ts';
import type { OutgoingResponse } from '../../operations/write-response.ts';
import { problemBody, problemHeaders } from '../outcome/problem.ts';
import { type Refusal, refusalKinds } from '../outcome/refusals.ts';

/** A request that was served, before it is written. */
export interface Served {
  readonly status: number;
  /** Sent as JSON, or as text of the type below. */
  readonly body: object | string;
  /** `Content-Type` of text. */
  readonly type?: string;
  /** Value of `Set-Cookie`. */
  readonly setCookie?: string;
}

export const defaultHttpLimits: HttpLimits = {
  headerBytes: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 20_000,
  keepAliveTimeoutMs: 30_000,
  timeoutCheckMs: 1_000,
  connections: 4_096,
};

/** No cache may store a response: it contains secrets, or depends on a credential. */
export function servedResponse({ status, body, type = 'application/json', setCookie }: Served): OutgoingResponse {
  const headers = ['content-type', type, 'cache-control', 'no-store'];
  if (setCookie !== undefined) headers.push('set-cookie', setCookie);
  return { status, headers, body: typeof body === 'string' ? body : JSON.stringify(body), closes: false };
}

/** With the error id under which the log has the refusal. */
export function refusalResponse(refusal: Refusal): OutgoingResponse & { readonly errorId: string } {
  const errorId = randomUUID();
  const { status, closes = false } = refusalKinds[refusal.code] as { status: number; closes?: true };
  return {
    errorId,
    status,
    headers: problemHeaders(refusal, errorId),
    body: problemBody(refusal, errorId),
    closes,
  };
}
