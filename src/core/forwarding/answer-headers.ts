/** Headers of the upstream's answer on their way to the client: without those of the connection. */
import { connectionList } from './connection-list.ts';
import { canonicalName, hopByHop } from './header-names.ts';

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

/**
 * Appends the headers that may pass to `out` and returns what was seen. `raw` holds names and values in turn, as
 * received. The service's `x-error` and `x-error-id` pass only when both are well-formed.
 */
export function appendAnswerHeaders(out: string[], raw: readonly string[]): AnswerFacts {
  let contentLength = -1;
  const listed = connectionList(raw);
  let error: string | null = null;
  let errorId: string | null = null;
  let coded = false;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    const value = raw[i + 1]!;
    if (name === 'transfer-encoding' && value.toLowerCase() !== 'chunked') coded = true;
    if (hopByHop.has(name)) continue;
    if (name === 'content-length') contentLength = Number(value);
    else if (name === 'x-error' || name === 'x-error-id') {
      if (name === 'x-error') error = value;
      else errorId = value;
      continue;
    } else if (listed?.has(canonicalName(name))) continue;
    out.push(raw[i]!, value);
  }
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
