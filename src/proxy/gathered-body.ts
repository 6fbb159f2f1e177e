/** The whole body of a request that the gateway itself handles, within a bound and the memory budget of the client. */
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { ForwardedRequest, RequestContext } from '../request-line/request-context.ts';
import type { ExchangeParts } from './exchange-parts.ts';
import { RequestBody, type RequestBodyOwner } from './request-body.ts';

export interface BodyBounds {
  readonly maxBytes: number;
  /** A sender cannot hold the memory of its body for long. */
  readonly bytesPerSecond: number;
}

/** Null: no usable body; the request was refused or has ended. */
export function gatherBody(context: RequestContext, parts: ExchangeParts, bounds: BodyBounds): Promise<Buffer | null> {
  return new GatheredBody(context, parts, bounds).whole();
}

class GatheredBody implements RequestBodyOwner, ForwardedRequest {
  readonly blocksOthers = false;
  readonly #context: RequestContext;
  readonly #parts: ExchangeParts;
  readonly #bounds: BodyBounds;
  #body: RequestBody | null = null;
  #resolve: (body: Buffer | null) => void = () => {};

  constructor(context: RequestContext, parts: ExchangeParts, bounds: BodyBounds) {
    this.#context = context;
    this.#parts = parts;
    this.#bounds = bounds;
  }

  async whole(): Promise<Buffer | null> {
    const { request } = this.#context;
    const { maxBytes, bytesPerSecond: bodyRate } = this.#bounds;
    if (request.body === null) return Buffer.alloc(0);
    if (request.bodyLength > maxBytes) {
      this.#context.fail('body_too_large');
      return null;
    }
    this.#context.forwarded = this;
    const bounds = { bodyBufferBytes: maxBytes + 1, maxBodyBytes: maxBytes, bodyRate };
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
