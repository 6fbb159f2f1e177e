/**
 * Headers of the upstream's answer on their way to the client: without those of the connection, and without those that
 * only Rolegate says. A route may add and remove some; CORS headers are the gateway's alone where a route has CORS.
 */
import { appendCorsHeaders } from '../cors/cors-headers.ts';
import type { Route } from '../routing/route.ts';
import { appendAdded } from './answer-rules.ts';
import { connectionList } from './connection-list.ts';
import { canonicalName, hopByHop } from './header-names.ts';
import type { IdentityHeader } from './identity-headers.ts';

/** What the writer of the answer needs to know of the headers that passed. */
export interface AnswerFacts {
  /** Declared length, or -1 when there is none. */
  contentLength: number;
  /** Well-formed `x-error` and `x-error-id` of the service itself. */
  hasError: boolean;
  errorId: string | null;
  /** A transfer coding other than `chunked`. */
  coded: boolean;
}

/** What happens to a header of an answer. */
export type AnswerTreatment = 'pass' | 'remove' | 'coding' | 'length' | 'error' | 'error-id' | 'cors';

/** By the name as received. */
export type TreatAnswer = (name: string) => AnswerTreatment;

/**
 * Headers that an upstream cannot send: those of its connection (RFC 9110 section 7.6.1), `Via` (section 7.6.3, which
 * would show what stands behind), the identity that only goes to upstreams, and our mark of a stale verdict.
 */
export function compileAnswerTreatment(identityHeaders: readonly IdentityHeader[]): TreatAnswer {
  const treatments = new Map<string, AnswerTreatment>();
  for (const name of [...hopByHop, 'via', 'x-rolegate-stale']) treatments.set(name, 'remove');
  for (const { name } of identityHeaders) treatments.set(canonicalName(name), 'remove');
  treatments.set('transfer-encoding', 'coding').set('content-length', 'length');
  treatments.set('x-error', 'error').set('x-error-id', 'error-id');
  return (name) => {
    const canonical = canonicalName(name);
    const treatment = treatments.get(canonical);
    if (treatment === undefined) return canonical.startsWith('access-control-') ? 'cors' : 'pass';
    // Another spelling frames nothing and says no error, but somebody on the way may take it for the real one.
    return canonical === name.toLowerCase() ? treatment : 'remove';
  };
}

/**
 * Appends the headers that may pass to `out` and returns what was seen. `raw` holds names and values in turn, as
 * received. The service's `x-error` and `x-error-id` pass only when both are well-formed. `route` is the request's, or
 * null; `asked` are the headers of the request, for CORS.
 */
export function appendAnswerHeaders(
  out: string[],
  raw: readonly string[],
  treat: TreatAnswer,
  route: Pick<Route, 'answers' | 'cors'> | null = null,
  asked: readonly string[] = [],
): AnswerFacts {
  const answers = route?.answers ?? null;
  const cors = route?.cors ?? null;
  let contentLength = -1;
  const listed = connectionList(raw);
  let error: string | null = null;
  let errorId: string | null = null;
  let coded = false;
  let said = 0;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    switch (treat(name)) {
      case 'remove':
        continue;
      case 'coding':
        if (value.toLowerCase() !== 'chunked') coded = true;
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
    }
    if (listed?.has(canonicalName(name))) continue;
    if (answers !== null) {
      const position = answers.names.get(name.toLowerCase()) ?? answers.added.length;
      if (position < 0) continue;
      said |= position < answers.added.length ? 1 << position : 0;
    }
    out.push(name, value);
  }
  if (answers !== null) appendAdded(out, answers, said);
  if (cors !== null) appendCorsHeaders(out, cors, asked);
  const hasError = error !== null && errorId !== null && errorText.test(error) && uuid.test(errorId);
  if (hasError) out.push('x-error', error!, 'x-error-id', errorId!);
  return { contentLength, hasError, errorId: hasError ? errorId : null, coded };
}

/** One line of printable ASCII, at most 256 characters. */
const errorText = /^[\x20-\x7e]{1,256}$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The `x-error` text of a service's answer that has none, by status. */
export function annotation(status: number): string {
  if (status === 404) return 'The service has no such resource';
  if (status >= 500) return 'The service failed';
  if (status === 401 || status === 403) return 'The service denied access';
  if (status >= 400) return 'The service refused the request';
  return 'The service answered without a result';
}
