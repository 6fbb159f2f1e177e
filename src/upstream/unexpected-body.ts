/**
 * Requests whose body services rarely expect: those of all methods but POST, PUT and PATCH (RFC 9110 section 9.3). Many services respond
 * without reading it, and then take it for the next request of the connection, with any identity that its sender has written there. So each
 * of them has a connection of its own, which ends with its response.
 */
import type { OutgoingRequest } from '../http1/client/request.ts';

const methodsWithBodies: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

export function hasUnexpectedBody({ body, method }: Pick<OutgoingRequest, 'body' | 'method'>): boolean {
  return body !== null && !methodsWithBodies.has(method);
}
