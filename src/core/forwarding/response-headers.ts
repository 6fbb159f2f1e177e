/**
 * Headers of the upstream's response as the client receives them: without those of the connection and those that only Rolegate may send. A
 * route may add and remove some. If a route has CORS, only the gateway sets the CORS headers.
 */
import { setsOwnCookie } from '../credential/session-cookie.ts';
import {
  beginsWith,
  canonicalName,
  connectionList,
  type HeaderTable,
  hasUsualSpelling,
} from '../syntax/header-fields.ts';
import { appendCorsHeaders } from './cors.ts';
import type { ResponseTreatment } from './forwarding-rules.ts';
import { appendAdded, type ResponseSettings } from './response-rules.ts';

/** What the response writer needs to know about the forwarded headers. */
export interface ResponseFacts {
  /** Declared length, or -1 without one. */
  contentLength: number;
  /** Well-formed `x-error` and `x-error-id` of the service itself. */
  hasError: boolean;
  errorId: string | null;
}

/**
 * Appends the forwarded headers to `out` and returns facts about them. `raw` contains alternating names and values, as received. The
 * service's `x-error` and `x-error-id` pass only when both are well-formed. `route` is the request's, or null; `requestHeaders` are the request
 * headers, for CORS.
 */
export function appendResponseHeaders(
  out: string[],
  raw: readonly string[],
  treatments: HeaderTable<ResponseTreatment>,
  route: ResponseSettings | null = null,
  requestHeaders: readonly string[] = [],
): ResponseFacts {
  const rules = route?.response ?? null;
  const cors = route?.cors ?? null;
  let contentLength = -1;
  const listed = connectionList(raw);
  let error: string | null = null;
  let errorId: string | null = null;
  let said = 0;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    switch (treatmentOf(treatments, name)) {
      case 'remove':
        continue;
      case 'error':
        error = value;
        continue;
      case 'error-id':
        errorId = value;
        continue;
      case 'length':
        contentLength = Number(value);
        out.push(name, value);
        continue;
      case 'cors':
        if (cors !== null) continue;
        break;
      case 'set-cookie':
        if (setsOwnCookie(value)) continue;
        break;
    }
    if (listed?.has(canonicalName(name))) continue;
    if (rules !== null) {
      const position = rules.names.get(name.toLowerCase()) ?? rules.added.length;
      if (position < 0) continue;
      said |= position < rules.added.length ? 1 << position : 0;
    }
    out.push(name, value);
  }
  if (rules !== null) appendAdded(out, rules, said);
  if (cors !== null) appendCorsHeaders(out, cors, requestHeaders);
  const hasError = error !== null && errorId !== null && errorText.test(error) && uuid.test(errorId);
  if (hasError) out.push('x-error', error!, 'x-error-id', errorId!);
  return { contentLength, hasError, errorId: hasError ? errorId : null };
}

function treatmentOf(treatments: HeaderTable<ResponseTreatment>, name: string): ResponseTreatment {
  const treatment = treatments.get(name);
  if (treatment === undefined) return beginsWith(name, 'access-control-') ? 'cors' : 'pass';
  // Another spelling has no meaning here, but an intermediary before the client may treat it as the real one.
  return treatment === 'remove' || hasUsualSpelling(name) ? treatment : 'remove';
}

/** One line of printable ASCII, at most 256 characters. */
const errorText = /^[\x20-\x7e]{1,256}$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The `x-error` text of a service's response that has none, by status. */
export function annotation(status: number): string {
  if (status === 404) return 'The service has no such resource';
  if (status >= 500) return 'The service failed';
  if (status === 401 || status === 403) return 'The service denied access';
  if (status >= 400) return 'The service refused the request';
  return 'The service responded without a result';
}
