/** The head of a service's response as the client receives it. */
import { randomUUID } from 'node:crypto';
import { annotation, appendResponseHeaders } from '../core/forwarding/response-headers.ts';
import type { Route } from '../core/routing/route.ts';
import { isNamed } from '../core/syntax/header-fields.ts';
import { statusTexts } from '../http1/grammar/node-http.ts';
import type { RequestContext } from '../request-line/request-context.ts';
import type { RequestRuntime } from '../request-line/runtime.ts';

export interface ResponseHead {
  readonly status: number;
  /** Null: the standard text of the status. */
  readonly statusText: string | null;
  /** Alternating names and values. */
  readonly headers: string[];
  /** Declared length of the body, or -1. */
  readonly contentLength: number;
  readonly errorId: string | null;
}

const printable = /^[\x20-\x7e]+$/;

export function responseHead(
  status: number,
  statusText: string,
  rawHeaders: readonly string[],
  { annotate, rules }: RequestRuntime,
  route: Route,
  { request, returned }: RequestContext,
): ResponseHead {
  const headers: string[] = [];
  const seen = appendResponseHeaders(headers, rawHeaders, rules.responseTreatments, route, request.rawHeaders);
  headers.push(...returned);
  const { contentLength, hasError, errorId: received } = seen;
  let errorId = received;
  if (!hasError && (status >= 400 || (annotate === 'all' && status !== 200 && status !== 202))) {
    errorId = randomUUID();
    headers.push('x-error', annotation(status), 'x-error-id', errorId);
  }
  // A 204 has no length (RFC 9110 section 8.6); a client that trusted it would wait for a body.
  if (status === 204 && contentLength >= 0) dropContentLength(headers);
  const usual = statusText === statusTexts[status] || !printable.test(statusText);
  return { status, statusText: usual ? null : statusText, headers, contentLength, errorId };
}

function dropContentLength(headers: string[]): void {
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    if (isNamed(headers[i]!, 'content-length')) headers.splice(i, 2);
  }
}

const defaultIdleMs = 60_000;
const eventStream = /^text\/event-stream/i;
/** Event streams may be silent for a long time. */
const eventStreamIdleMs = 300_000;

export function isEventStream(rawHeaders: readonly string[]): boolean {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (isNamed(rawHeaders[i]!, 'content-type')) return eventStream.test(rawHeaders[i + 1]!);
  }
  return false;
}

/** Maximum silence between two parts of a response, in milliseconds. */
export function idleTimeoutOf({ idleTimeoutMs }: Route, events: boolean): number {
  if (idleTimeoutMs !== null) return idleTimeoutMs === 0 ? Number.POSITIVE_INFINITY : idleTimeoutMs;
  return events ? eventStreamIdleMs : defaultIdleMs;
}
