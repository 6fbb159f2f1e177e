/** The body and headers of a refusal: RFC 9457, with the code and the id that also stand in the headers and in the log. */
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

/** Names and values in turn, complete but for the length of the body and the connection's fate. */
export function problemHeaders(refusal: Refusal, errorId: string): string[] {
  const { status, message } = refusalKinds[refusal.code];
  const headers = ['x-error', message, 'x-error-id', errorId, 'content-type', problemType, 'cache-control', 'no-store'];
  // RFC 9110 section 15.5.2: a 401 names a scheme by which the client may authenticate.
  if (status === 401) headers.push('www-authenticate', 'Bearer realm="auth-api"');
  const { retryAfterS, allow } = refusal.detail;
  if (retryAfterS !== undefined) headers.push('retry-after', String(retryAfterS));
  if (allow !== undefined) headers.push('allow', allow.join(', '));
  return headers;
}
