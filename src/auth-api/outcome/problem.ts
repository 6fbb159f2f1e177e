/** The body and headers of a refusal: RFC 9457, with the code and the id that are also in the headers and the log. */
import { type Refusal, refusalKinds } from './refusals.ts';

export const problemType = 'application/problem+json';

export function problemBody(refusal: Refusal, errorId: string): string {
  const { status, message } = refusalKinds[refusal.code];
  const { invalid } = refusal.detail;
  const problem = {
    type: `urn:rolegate:auth-api:${refusal.code}`,
    title: message,
    status,
    code: refusal.code,
    errorId,
    ...(invalid === undefined ? {} : { invalid }),
  };
  return `${JSON.stringify(problem)}\n`;
}

/** Alternating names and values, without the body length and `Connection`. */
export function problemHeaders(refusal: Refusal, errorId: string): string[] {
  const { status, message } = refusalKinds[refusal.code];
  const headers = ['x-error', message, 'x-error-id', errorId, 'content-type', problemType, 'cache-control', 'no-store'];
  // RFC 9110 section 15.5.2: a 401 lists a scheme with which the client may authenticate.
  if (status === 401) headers.push('www-authenticate', 'Bearer realm="auth-api"');
  const { retryAfterS, allow } = refusal.detail;
  if (retryAfterS !== undefined) headers.push('retry-after', String(retryAfterS));
  if (allow !== undefined) headers.push('allow', allow.join(', '));
  return headers;
}
