/**
 * A request that the gateway itself handles: an issuer sends a token about its users. The body is buffered, within a bound and the memory
 * budget of the client. The response is the outcome of the token.
 */

import type { ReasonCode } from '../core/outcome/reasons.ts';
import { eventUpstreams } from '../core/routing/route.ts';
import { mediaType } from '../http-base/read-request.ts';
import type { Gateway } from './gateway.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { respondWithText } from './own-response.ts';
import { RequestBody, type RequestBodyOwner } from './request-body.ts';
import type { ForwardedRequest, RequestContext } from './request-context.ts';

/** Longer than any accepted token with the rest of its form. */
const mostBodyBytes = 32 * 1024;

const emptyResponse = ['content-type', 'text/plain; charset=utf-8', 'cache-control', 'no-store'];

/** Null: the route leads to a service. Rejects for faults of the gateway. */
export function takeEvent(
  context: RequestContext,
  upstream: string,
  events: NonNullable<Gateway['events']>,
  memory: MemoryBudget,
): Promise<void> | null {
  const kind = eventUpstreams.get(upstream);
  if (kind === undefined) return null;
  return respond(context, kind, events, memory);
}

async function respond(
  context: RequestContext,
  kind: 'logout' | 'security-event',
  events: NonNullable<Gateway['events']>,
  memory: MemoryBudget,
): Promise<void> {
  const body = await new GatheredBody(context, memory).whole();
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
  readonly #context: RequestContext;
  readonly #memory: MemoryBudget;
  #body: RequestBody | null = null;
  #resolve: (body: Buffer | null) => void = () => {};

  constructor(context: RequestContext, memory: MemoryBudget) {
    this.#context = context;
    this.#memory = memory;
  }

  /** Null: no usable body; the request was refused or has ended. */
  async whole(): Promise<Buffer | null> {
    const { request, response, memoryKey: clientKey } = this.#context;
    if (request.body === null) return Buffer.alloc(0);
    if (request.bodyLength > mostBodyBytes) {
      this.#context.fail('body_too_large');
      return null;
    }
    if (request.expect === 'continue') response.writeContinue();
    this.#context.forwarded = this;
    const bounds = { bufferBytes: mostBodyBytes + 1, maxBytes: mostBodyBytes, minRate: 0, graceMs: 0 };
    this.#body = new RequestBody(request.body, this, { ...bounds, memory: this.#memory, clientKey });
    const gathered = new Promise<Buffer | null>((resolve) => {
      this.#resolve = resolve;
    });
    this.#body.gather();
    return await gathered;
  }

  bodyReceived(bytes: number): void {
    this.#context.bytesIn += bytes;
  }

  bodyGathered(): void {
    const body = this.#body!.whole();
    this.#body!.handedOn();
    this.#resolve(body);
  }

  bodyRefused(reason: ReasonCode): void {
    this.#context.fail(reason);
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
