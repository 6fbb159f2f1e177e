/** Successful responses of the gateway itself: to a preflight, with metadata, or with another text. */
import type { Metadata, Preflight } from '../core/decision.ts';
import type { WholeResponse } from '../http1/server/whole-response.ts';
import { ownHeaders, takesRest } from './refusal.ts';
import type { RequestContext } from './request-context.ts';

/** Metadata of a host (RFC 9728) is for pages of every origin. */
const metadataHeaders = ['content-type', 'application/json', 'access-control-allow-origin', '*'];

export function respondItself(context: RequestContext<WholeResponse>, decision: Preflight | Metadata): void {
  if (decision.outcome === 'preflight') respondToPreflight(context, decision.headers);
  else respondWithText(context, decision.document, metadataHeaders);
}

/** 200 and not 204: every other status is a refusal. */
function respondToPreflight(
  { request, response, returned }: RequestContext<WholeResponse>,
  headers: readonly string[],
): void {
  const close = request.body === null ? [] : ['connection', 'close'];
  response.writeHead(200, null, [...headers, ...returned, 'content-length', '0', ...close]);
  response.end();
}

/** A public text. `headers`: alternating names and values. */
export function respondWithText(
  context: RequestContext<WholeResponse>,
  text: string,
  headers: readonly string[],
  status: 200 | 202 = 200,
): void {
  const close = takesRest(context.request) ? [] : ['connection', 'close'];
  const length = ['content-length', String(Buffer.byteLength(text))];
  context.response.writeHead(status, null, [...headers, ...ownHeaders(context), ...length, ...close]);
  context.bytesOut = context.response.end(text);
}
