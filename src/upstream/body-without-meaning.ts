/**
 * Requests whose body has no meaning by their method (RFC 9110 section 9.3). Many services respond without reading it, and then take it for
 * the next request of the connection, with any identity that its sender has written there. So each of them has a connection of its own,
 * which ends with its response.
 */
import type { OutgoingRequest } from '../http1/client/request.ts';

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

export function hasBodyWithoutMeaning({ body, method }: Pick<OutgoingRequest, 'body' | 'method'>): boolean {
  return body !== null && methods.has(method);
}
