/**
 * A request that the gateway itself handles: an issuer sends a token about its users. The body is buffered, within a bound and the memory
 * budget of the client. The response is the outcome of the token.
 */

import { eventUpstreams } from '../core/routing/route.ts';
import { mediaType } from '../operations/read-request.ts';
import { respondWithText } from '../request-line/own-response.ts';
import type { RequestContext } from '../request-line/request-context.ts';
import type { RequestRuntime } from '../request-line/runtime.ts';
import type { ExchangeParts } from './exchange-parts.ts';
import { gatherBody } from './gathered-body.ts';

/** Longer than any accepted token with the rest of its form. */
const maxEventBytes = 32 * 1024;
/** Bytes per second: a sender cannot hold the memory of its body for long. */
const bodyRate = 500;

const emptyResponse = ['content-type', 'text/plain; charset=utf-8', 'cache-control', 'no-store'];

/** Null: the route leads to a service. Rejects for faults of the gateway. */
export function takeEvent(
  context: RequestContext,
  upstream: string,
  events: NonNullable<RequestRuntime['events']>,
  parts: ExchangeParts,
): Promise<void> | null {
  const kind = eventUpstreams.get(upstream);
  if (kind === undefined) return null;
  return respond(context, kind, events, parts);
}

async function respond(
  context: RequestContext,
  kind: 'logout' | 'security-event',
  events: NonNullable<RequestRuntime['events']>,
  parts: ExchangeParts,
): Promise<void> {
  const body = await gatherBody(context, parts, { maxBytes: maxEventBytes, bytesPerSecond: bodyRate });
  // It was refused, or the client is gone.
  if (body === null) return;
  const contentType = mediaType(context.request.rawHeaders);
  const taken = await events({ kind, contentType, body, sender: context.memoryKey ?? undefined });
  if (context.over || context.response.ended) return;
  if ('refused' in taken) {
    context.refusalBody = taken.body ?? null;
    context.fail(taken.refused);
  } else respondWithText(context, '', emptyResponse, taken.status);
}
