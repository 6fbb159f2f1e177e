/**
 * A request that the gateway itself handles: an issuer sends a token about its users. The body is buffered, within a bound and the memory
 * budget of the client. The response is the outcome of the token.
 */

import type { ReasonCode } from '../core/outcome/reasons.ts';
import { eventUpstreams } from '../core/routing/route.ts';
import { mediaType } from '../operations/read-request.ts';
import { respondWithText } from '../request-line/own-response.ts';
import type { ForwardedRequest, RequestContext } from '../request-line/request-context.ts';
import type { RequestRuntime } from '../request-line/runtime.ts';
import type { ExchangeParts } from './exchange-parts.ts';
import { RequestBody, type RequestBodyOwner } from './request-body.ts';

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
  const body = await new GatheredBody(context, parts).whole();
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

class GatheredBody implements RequestBodyOwner, ForwardedRequest {
  readonly blocksOthers = false;
  readonly #context: RequestContext;
  readonly #parts: ExchangeParts;
  #body: RequestBody | null = null;
  #resolve: (body: Buffer | null) => void = () => {};

  constructor(context: RequestContext, parts: ExchangeParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** Null: no usable body; the request was refused or has ended. */
  async whole(): Promise<Buffer | null> {
    const { request } = this.#context;
    if (request.body === null) return Buffer.alloc(0);
    if (request.bodyLength > maxEventBytes) {
      this.#context.fail('body_too_large');
      return null;
    }
    this.#context.forwarded = this;
    const bounds = { bodyBufferBytes: maxEventBytes + 1, maxBodyBytes: maxEventBytes, bodyRate };
    this.#body = new RequestBody(request.body, this.#context, bounds, this.#parts, this);
    const gathered = new Promise<Buffer | null>((resolve) => {
      this.#resolve = resolve;
    });
    this.#body.gather();
    return await gathered;
  }

  bodyReceived(): void {}

  bodyGathered(): void {
    const body = this.#body!.whole();
    this.#body!.handedOn();
    this.#resolve(body);
  }

  bodyTrickles(): boolean {
    return false;
  }

  stop(): void {
    this.#body?.destroy();
    this.#resolve(null);
  }

  drained(): void {}

  endAccess(reason: ReasonCode): void {
    this.#context.fail(reason);
  }
}
