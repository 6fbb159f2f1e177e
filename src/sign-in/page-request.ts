/** What the pages of sign-in know of a request, and how they respond. */
import { randomUUID } from 'node:crypto';
import { type Reason, type ReasonCode, reasons } from '../core/outcome/reasons.ts';
import type { Brand } from './pages/brand.ts';
import type { Page } from './pages/page.ts';

export interface PageRequest {
  readonly method: string;
  /** Of the gateway, at which the browser is: one of those that `SignInParts` lists. */
  readonly origin: string;
  readonly path: string;
  /** With its "?", as received. */
  readonly search: string;
  readonly query: URLSearchParams;
  readonly rawHeaders: readonly string[];
  /** Of the client; empty: unknown. */
  readonly address: string;
  readonly userAgent: string;
  /** Of all pages; null: there are no pages of accounts. */
  readonly brand: Brand | null;
  /** Null: it is too long, or does not arrive. */
  readonly readForm: () => Promise<URLSearchParams | null>;
}

export interface PageReply {
  readonly status: number;
  /** Alternating names and values. */
  readonly headers: readonly string[];
  readonly body: string;
  /** Null: it is no refusal. */
  readonly reason: ReasonCode | null;
  readonly errorId: string | null;
  /** For the log. */
  readonly cause: unknown;
}

export function show({ body, headers }: Page): PageReply {
  return { status: 200, headers, body, reason: null, errorId: null, cause: null };
}

/** Programs read `text`. */
export function say(text: string, type = 'text/plain'): PageReply {
  const kind = ['content-type', `${type}; charset=utf-8`, 'x-content-type-options', 'nosniff'];
  const headers = [...kind, 'cache-control', 'no-store'];
  return { status: 200, headers, body: text, reason: null, errorId: null, cause: null };
}

/** Scripts of the pages read `value`. */
export function sayJson(value: object): PageReply {
  const headers = ['content-type', 'application/json', 'cache-control', 'no-store'];
  const body = Buffer.from(JSON.stringify(value), 'utf8').toString('latin1');
  return { status: 200, headers, body, reason: null, errorId: null, cause: null };
}

/** To an address of the gateway or of the provider. Like every response that is not 200 or 202, it has the two headers of refusals. */
export function redirect(location: string, cookies: readonly string[] = []): PageReply {
  const errorId = randomUUID();
  const headers = ['location', location, 'cache-control', 'no-store', 'referrer-policy', 'no-referrer', ...cookies];
  return {
    status: 303,
    headers: [...headers, 'x-error', 'The sign-in continues at another address', 'x-error-id', errorId],
    body: '',
    reason: null,
    errorId,
    cause: null,
  };
}

/** A refusal that a person can read. */
export function refuse(
  reason: ReasonCode,
  page: (errorId: string) => Page,
  cause: unknown = null,
  more: readonly string[] = [],
): PageReply {
  const errorId = randomUUID();
  const { body, headers } = page(errorId);
  const { status, message, retryAfterS }: Reason = reasons[reason];
  const isStated = more.includes('retry-after');
  const retry = retryAfterS === undefined || isStated ? [] : ['retry-after', String(retryAfterS)];
  return {
    status,
    headers: [...headers, 'x-error', message, 'x-error-id', errorId, ...retry, ...more],
    body,
    reason,
    errorId,
    cause,
  };
}
