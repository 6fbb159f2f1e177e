/** The head of a service's response as the client receives it. */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { ResponseTreatment } from '../core/forwarding/forwarding-rules.ts';
import { annotation, appendResponseHeaders } from '../core/forwarding/response-headers.ts';
import type { Route } from '../core/routing/route.ts';

/** Which responses of a service without `x-error` and `x-error-id` get them: those with 400 or more, or all except 200 and 202. */
export type Annotate = 'failures' | 'all';

/** The part of a configuration that affects responses. */
export interface ResponseRules {
  readonly annotate: Annotate;
  readonly rules: { readonly responseTreatments: ReadonlyMap<string, ResponseTreatment> };
}

export interface ResponseHead {
  readonly status: number;
  /** Null: the standard text of the status. */
  readonly statusText: string | null;
  /** Alternating names and values. */
  readonly headers: string[];
  /** Declared length of the body, or -1. */
  readonly contentLength: number;
  readonly errorId: string | null;
  /** The body has a transfer coding that cannot be passed on. */
  readonly coded: boolean;
}

const printable = /^[\x20-\x7e]+$/;

/** `context`: the part of the request that the response depends on: headers, for CORS, and the headers of every response to it. */
export function responseHead(
  status: number,
  statusText: string,
  rawHeaders: readonly string[],
  { annotate, rules }: ResponseRules,
  route: Route | null,
  context: { readonly request: { readonly rawHeaders: readonly string[] }; readonly returned: readonly string[] },
): ResponseHead {
  const headers: string[] = [];
  const seen = appendResponseHeaders(headers, rawHeaders, rules.responseTreatments, route, context.request.rawHeaders);
  headers.push(...context.returned);
  const { contentLength, hasError, errorId: received, coded } = seen;
  let errorId = received;
  if (!hasError && (status >= 400 || (annotate === 'all' && status !== 200 && status !== 202))) {
    errorId = randomUUID();
    headers.push('x-error', annotation(status), 'x-error-id', errorId);
  }
  // A 204 has no length (RFC 9110 section 8.6); a client that trusted it would wait for a body.
  if (status === 204 && contentLength >= 0) dropContentLength(headers);
  const usual = statusText === STATUS_CODES[status] || !printable.test(statusText);
  return { status, statusText: usual ? null : statusText, headers, contentLength, errorId, coded };
}

function dropContentLength(headers: string[]): void {
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    if (headers[i]!.toLowerCase() === 'content-length') headers.splice(i, 2);
  }
}

const defaultIdleMs = 60_000;
/** Event streams may be silent for a long time. */
const eventStreamIdleMs = 300_000;

/** Maximum silence between two parts of a response, in milliseconds. */
export function idleTimeoutOf({ idleTimeoutMs }: Route, rawHeaders: readonly string[]): number {
  if (idleTimeoutMs !== null) return idleTimeoutMs === 0 ? Number.POSITIVE_INFINITY : idleTimeoutMs;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length === 12 && rawHeaders[i]!.toLowerCase() === 'content-type')
      return rawHeaders[i + 1]!.toLowerCase().startsWith('text/event-stream') ? eventStreamIdleMs : defaultIdleMs;
  }
  return defaultIdleMs;
}
