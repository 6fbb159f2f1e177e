/** Writes the reply of a page as the response, and records it like a refusal of the request line. */
import type { WholeResponse } from '../http1/server/whole-response.ts';
import { takesRest } from '../request-line/own-response.ts';
import type { RequestContext } from '../request-line/request-context.ts';
import type { PageReply } from './page-request.ts';

export function writeReply(context: RequestContext<WholeResponse>, reply: PageReply): void {
  // The client may have left meanwhile.
  if (context.over || context.response.ended) return;
  const { status, headers, body, reason, errorId, cause } = reply;
  context.reason = reason;
  context.errorId = errorId;
  context.cause = cause;
  const close = takesRest(context.request) ? [] : ['connection', 'close'];
  context.response.writeHead(status, null, [
    ...headers,
    ...context.returned,
    'content-length',
    String(body.length),
    ...close,
  ]);
  context.bytesOut = context.response.end(body);
}
