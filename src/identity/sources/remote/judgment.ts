/**
 * Evaluates the response of a source: accepted, rejected, or unavailable. Only the source itself can reject; anything unexpected is a
 * failure, so an outage never looks like a bad credential and never allows a request.
 */
import type { Identity, Rejection, Unresolved } from '../../../core/identity/identity.ts';
import { repeatsName } from '../repeated-names.ts';
import type { Failure, HttpResponse } from './http-exchange.ts';

export type Judgment = { readonly identity: Identity } | Unidentified;

export interface Unidentified {
  readonly identity: null;
  readonly reason: Unresolved['reason'];
  /** Seconds to wait, from the source, or null. */
  readonly retryAfterS: number | null;
  /** Null: it rejects the credential, or limits its checks. */
  readonly failure: Failure | null;
  readonly rejection?: Rejection;
}

export function rejected(rejection: Rejection): Unidentified {
  return { identity: null, reason: 'credential_rejected', retryAfterS: null, failure: null, rejection };
}

export function unavailable(
  reason: Unresolved['reason'],
  failure: Failure | null,
  retryAfterS: number | null = null,
): Unidentified {
  return { identity: null, reason, retryAfterS, failure };
}

/** A 429 that limits the gateway as a whole: for its clients this is an outage, because none of them sent too much. */
export function limitsEveryone(retryAfterS: number | null): Unidentified {
  return unavailable('auth_busy', { kind: 'status', detail: 'status 429' }, retryAfterS);
}

/** A response that arrived but is not valid. */
export function invalid(failure: Failure): Unidentified {
  return unavailable('auth_response_invalid', failure);
}

/** No response arrived. */
export function judgeFailure(failure: Failure): Unidentified {
  switch (failure.kind) {
    case 'timeout':
      return unavailable('auth_timeout', failure);
    case 'protocol':
    case 'body':
      return invalid(failure);
    default:
      return unavailable('auth_unavailable', failure);
  }
}

/** A response with a status other than 200. */
export function judgeStatus(response: HttpResponse, rejectedStatuses: readonly number[], nowMs: number): Unidentified {
  const { status } = response;
  if (rejectedStatuses.includes(status)) return rejected('status');
  if (status === 429) return unavailable('auth_throttled', null, retryAfterS(response, nowMs));
  const wait = status === 503 ? retryAfterS(response, nowMs) : null;
  return unavailable('auth_unavailable', { kind: 'status', detail: `status ${status}` }, wait);
}

const jsonType = /^application\/(?:[\w.-]+\+)?json[ \t]*(?:;|$)/i;

/** JSON in UTF-8 with a matching `Content-Type`. */
export function parseJson({ headers, body }: HttpResponse): { readonly json: unknown } | { readonly failure: Failure } {
  const bad = (detail: string) => ({ failure: { kind: 'body', detail } as const });
  const type = headers['content-type'] ?? '';
  if (!jsonType.test(type)) return bad(`expected content-type application/json, found "${type.slice(0, 64)}"`);
  if (headers['content-encoding'] !== undefined) return bad('the response has a content-encoding');
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    const json: unknown = JSON.parse(text);
    return repeatsName(text) ? bad('an object has a name twice') : { json };
  } catch {
    return bad('no JSON in UTF-8');
  }
}

const maxWaitS = 3_600;
const httpDate = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;

/** `Retry-After` as whole seconds or as a date (RFC 9110 section 10.2.3); null if missing or malformed. */
function retryAfterS({ headers }: HttpResponse, nowMs: number): number | null {
  const value = headers['retry-after'] ?? '';
  if (/^\d{1,9}$/.test(value)) return Math.min(Number(value), maxWaitS);
  // `Date.parse` alone would accept "-5" as a date.
  const untilMs = httpDate.test(value) ? Date.parse(value) - nowMs : Number.NaN;
  return Number.isNaN(untilMs) ? null : Math.min(Math.max(Math.ceil(untilMs / 1000), 0), maxWaitS);
}
