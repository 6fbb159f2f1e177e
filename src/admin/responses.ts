/** Responses of the admin port: never cached, sniffed, or readable by another site; refusals as everywhere else. */
import { bearerOnly, challengesFor } from '../core/credential/challenges.ts';
import { problemBody } from '../core/outcome/problem.ts';
import { type ReasonCode, reasons } from '../core/outcome/reasons.ts';
import type { OutgoingResponse } from '../operations/write-response.ts';

export interface Shown {
  readonly status: 200 | 202;
  readonly type: string;
  readonly body: string;
  /** If unset: no cache may store it. */
  readonly cacheControl?: string;
}

export interface Refused {
  readonly refused: ReasonCode;
  /** Value of `Allow`, for a 405. */
  readonly allow?: string;
  /** Further members of the problem (RFC 9457 section 3.2). */
  readonly members?: Readonly<Record<string, unknown>>;
  /** A JSON body instead of problem details, if a standard requires it. */
  readonly body?: Readonly<Record<string, string>>;
  /** The internal cause; only for the log. */
  readonly cause?: unknown;
}

export type AdminResponse = Shown | Refused;

export function json(value: unknown, status: Shown['status'] = 200): Shown {
  return jsonText(JSON.stringify(value), status);
}

export function jsonText(text: string, status: Shown['status'] = 200): Shown {
  return { status, type: 'application/json', body: `${text}\n` };
}

const everyResponse = Object.entries({
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
}).flat();

export function shownResponse({ status, type, body, cacheControl = 'no-store' }: Shown): OutgoingResponse {
  const headers = [...everyResponse, 'cache-control', cacheControl, 'content-type', type];
  return { status, headers, body, closes: false };
}

/** Problem details (RFC 9457). */
export function refusalResponse({ refused, allow, members, body }: Refused, errorId: string): OutgoingResponse {
  const { status, message, retryAfterS } = reasons[refused];
  const type = body === undefined ? 'application/problem+json' : 'application/json';
  const headers = [...everyResponse, 'cache-control', 'no-store', 'content-type', type];
  headers.push('x-error', message, 'x-error-id', errorId);
  headers.push(...challengesFor(refused, bearerOnly, null).flatMap((challenge) => ['www-authenticate', challenge]));
  if (allow !== undefined) headers.push('allow', allow);
  if (retryAfterS !== undefined) headers.push('retry-after', String(retryAfterS));
  const text = body === undefined ? problemBody(refused, errorId, null, members) : `${JSON.stringify(body)}\n`;
  return { status, headers, body: text, closes: true };
}
