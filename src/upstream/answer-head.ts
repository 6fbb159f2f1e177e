/** The head of the upstream's answer as the client gets it. */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { type AnswerLines, answerLines } from '../core/forwarding/answer-lines.ts';
import { annotation, appendResponseHeaders, type TreatResponse } from '../core/forwarding/response-headers.ts';
import type { Route } from '../core/routing/route.ts';

/** Which statuses of an upstream get `x-error` and `x-error-id` when they lack them: 400 and more, or all but 200 and 202. */
export type Annotate = 'failures' | 'all';

/** What of a configuration answers are made by. */
export interface AnswerContext {
  readonly annotate: Annotate;
  readonly rules: { readonly treatResponse: TreatResponse };
}

export interface AnswerHead {
  readonly status: number;
  /** Undefined: the usual words for the status. */
  readonly statusText: string | undefined;
  /** Names and values in turn. */
  readonly headers: string[];
  /** Declared length of the body, or -1. */
  readonly contentLength: number;
  readonly errorId: string | null;
  /** The body has a transfer coding that cannot be passed on. */
  readonly coded: boolean;
  /** It may be that of further answers: nobody adds to its headers. */
  repeats: boolean;
  /** The same as text, once it was made. */
  lines: AnswerLines | null;
}

/** `head` with one header more. */
export function withHeader(head: AnswerHead, name: string, value: string): AnswerHead {
  if (head.repeats) return { ...head, headers: [...head.headers, name, value], repeats: false, lines: null };
  head.headers.push(name, value);
  return head;
}

/** As text; throws when it is no valid HTTP. */
export function linesOf(head: AnswerHead): AnswerLines {
  const { status, statusText, headers } = head;
  head.lines ??= answerLines(status, statusText ?? STATUS_CODES[status] ?? 'unknown', headers);
  return head.lines;
}

/** `route` is that of the request, and `asked` are the headers of the request. */
export function answerHead(
  status: number,
  statusText: string,
  rawHeaders: readonly string[],
  { annotate, rules }: AnswerContext,
  route: Route | null,
  asked: readonly string[],
): AnswerHead {
  const headers: string[] = [];
  const seen = appendResponseHeaders(headers, rawHeaders, rules.treatResponse, route, asked);
  const { contentLength, hasError, errorId: received, coded } = seen;
  let errorId = received;
  if (!hasError && (status >= 400 || (annotate === 'all' && status !== 200 && status !== 202))) {
    errorId = randomUUID();
    headers.push('x-error', annotation(status), 'x-error-id', errorId);
  }
  // A 204 has no length (RFC 9110 section 8.6); a client that believed it would wait for a body.
  if (status === 204 && contentLength >= 0) dropContentLength(headers);
  const usual = statusText === STATUS_CODES[status] || !printable.test(statusText);
  return {
    status,
    statusText: usual ? undefined : statusText,
    headers,
    contentLength,
    errorId,
    coded,
    repeats: false,
    lines: null,
  };
}

const printable = /^[\x20-\x7e]+$/;

function dropContentLength(headers: string[]): void {
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    if (headers[i]!.toLowerCase() === 'content-length') headers.splice(i, 2);
  }
}

/** Whether an answer to this method with this status can have a body (RFC 9112 section 6.3). */
export function hasBody(method: string, status: number): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304;
}

/** Header bytes as the parser found them, as text of the same bytes. */
export function latin1(raw: readonly Buffer[]): string[] {
  const text: string[] = [];
  for (let i = 0; i < raw.length; i += 1) text.push(raw[i]!.toString('latin1'));
  return text;
}
