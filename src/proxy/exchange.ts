/**
 * One allowed request to a service, and its response. A WebSocket is an exchange whose response becomes a tunnel. An abort on one side
 * aborts the other: a cut request or response is never ended properly.
 *
 * gathering (body buffer) -> waiting (its turn at the upstream) -> sent -> responding | tunnel -> over
 */
import type { Socket } from 'node:net';
import type { Allow } from '../core/decision.ts';
import type { ClientFacts } from '../core/forwarding/client-facts.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { ClientError } from '../http1/client/client-error.ts';
import type { OutgoingRequest } from '../http1/client/request.ts';
import { completeRequest } from '../request-line/complete-request.ts';
import { outgoingRequest } from '../request-line/outgoing-request.ts';
import type { ForwardedRequest, RequestContext } from '../request-line/request-context.ts';
import type { Forward, RequestRuntime } from '../request-line/runtime.ts';
import type { Upstream } from '../upstream/create-upstreams.ts';
import type { UpstreamEvents } from '../upstream/upstream-events.ts';
import type { UpstreamRequest } from '../upstream/upstream-request.ts';
import { AccessWatch } from './access-watch.ts';
import { ClientPace } from './client-pace.ts';
import { takeEvent } from './event-request.ts';
import type { ExchangeParts } from './exchange-parts.ts';
import { RequestBody, type RequestBodyOwner } from './request-body.ts';
import { idleTimeoutOf, isEventStream, responseHead } from './response-head.ts';
import { HeldResponse, type Relay, ResponseRelay } from './response-relay.ts';
import { Timeouts, type TimeoutsOwner } from './timeouts.ts';
import { type ExchangeTunnel, openTunnel } from './websocket/exchange-tunnel.ts';

/** An exchange that is open this long is a stream: its access is watched from then on, and its response leaves the pool. */
const streamAfterMs = 1_000;
/** Longer than the wait for other replicas. */
const maxHoldMs = 11_000;
type State = 'gathering' | 'waiting' | 'sent' | 'responding' | 'tunnel' | 'over';

export class Exchange implements ForwardedRequest, UpstreamEvents, RequestBodyOwner, TimeoutsOwner {
  readonly #context: RequestContext;
  readonly #granted: Allow;
  readonly #runtime: RequestRuntime;
  readonly #parts: ExchangeParts;
  readonly #destination: Upstream;
  readonly #timeouts: Timeouts;
  #state: State = 'gathering';
  #body: RequestBody | null = null;
  #outgoing: OutgoingRequest | null = null;
  #upstream: UpstreamRequest | null = null;
  /** Null: the head of the response has not arrived. */
  #relay: Relay | null = null;
  #tunnel: ExchangeTunnel | null = null;
  /** Null: it is not a stream yet. */
  #access: AccessWatch | null = null;
  /** The service is paused because the client does not read. */
  #stalled = false;
  /** How the client reads; null: it has always been fast enough. */
  #pace: ClientPace | null = null;
  #isEventStream = false;
  #idleTimeoutMs = 0;

  constructor(context: RequestContext, granted: Allow, runtime: RequestRuntime, parts: ExchangeParts) {
    this.#context = context;
    this.#granted = granted;
    this.#runtime = runtime;
    this.#parts = parts;
    this.#destination = runtime.upstreams.get(granted.route.upstream);
    this.#timeouts = new Timeouts(parts.deadlines, this);
    context.forwarded = this;
  }

  /** Starts forwarding. The context receives the outcome; throws only for faults of the gateway. */
  forward(facts: ClientFacts): void {
    const { request, decidedAt } = this.#context;
    const { route } = this.#granted;
    const outgoing =
      request.bodyLength > route.maxBodyBytes
        ? 'body_too_large'
        : outgoingRequest(this.#context, this.#granted, this.#runtime.rules, facts, this.#destination);
    if (typeof outgoing === 'string') {
      this.#context.fail(outgoing);
      return;
    }
    const { identity } = this.#granted;
    if (route.evict !== null && !this.#runtime.evictions.allowed(route.evict, identity, this.#context.clientKey)) {
      this.#context.fail('evictions_throttled');
      return;
    }
    this.#outgoing = outgoing;
    this.#timeouts.allow(route.timeoutMs, decidedAt);
    this.#timeouts.watchAccess(decidedAt + streamAfterMs);
    if (request.body === null) {
      this.bodyGathered();
      return;
    }
    this.#body = new RequestBody(request.body, this.#context, route, this.#parts, this);
    this.#body.gather();
  }

  bodyReceived(): void {
    if (this.#state === 'gathering') this.#timeouts.progress();
  }

  bodyGathered(): void {
    this.#send(false);
  }

  bodyTrickles(): boolean {
    return this.#send(true);
  }

  /** With the whole body, or as it arrives. False: it trickles, and there is no room for that. */
  #send(trickles: boolean): boolean {
    try {
      const outgoing = this.#outgoing!;
      outgoing.body = this.#body?.whole() ?? this.#body;
      const upstream = this.#destination.request(this.#context.clientKey, outgoing, this);
      if (trickles && !upstream.mayTrickle()) return false;
      this.#state = 'sent';
      this.#upstream = upstream;
      upstream.start();
    } catch (cause) {
      this.#context.fail('internal_error', cause);
    }
    return true;
  }

  get blocksOthers(): boolean {
    return this.#upstream?.blocksOthers === true;
  }

  // The upstream

  waiting(maxMs: number): void {
    if (this.#upstream!.waitsFor === 'connection' && this.#parts.shedder.refusesToWait()) {
      this.#context.fail('overloaded');
      return;
    }
    this.#state = 'waiting';
    this.#timeouts.allow(maxMs);
  }

  sending(origin: string): void {
    this.#state = 'sent';
    this.#context.target = origin;
    this.#timeouts.allow(this.#granted.route.timeoutMs);
  }

  started(): void {
    this.#body?.handedOn();
  }

  bodySent(): void {
    this.#timeouts.progress();
  }

  responseHead(status: number, statusText: string, rawHeaders: readonly string[]): void {
    try {
      this.#begin(status, statusText, rawHeaders);
    } catch (cause) {
      this.#context.fail('internal_error', cause);
    }
  }

  #begin(status: number, statusText: string, rawHeaders: readonly string[]): void {
    const context = this.#context;
    const { route } = this.#granted;
    // Before the response is checked: what the service did is valid even if its response cannot be forwarded.
    const evicted = route.evict !== null && status < 300 ? this.#runtime.evictions.evict(this.#granted) : null;
    this.#state = 'responding';
    context.respondedAt = performance.now();
    const head = responseHead(status, statusText, rawHeaders, this.#runtime, route, context);
    context.errorId = head.errorId;
    const relay = new ResponseRelay(context.response, context.method, head);
    this.#isEventStream = isEventStream(rawHeaders);
    this.#idleTimeoutMs = idleTimeoutOf(route, this.#isEventStream);
    this.#timeouts.allow(this.#idleTimeoutMs, context.respondedAt);
    this.#relay = evicted === null ? relay : this.#hold(relay, evicted);
  }

  /** The client may rely on the response, so other replicas must know of the revocation first. */
  #hold(relay: Relay, evicted: Promise<unknown>): Relay {
    const response = new HeldResponse(relay);
    this.#upstream!.pause();
    this.#timeouts.allow(Math.max(maxHoldMs, this.#idleTimeoutMs));
    void evicted.then(() => {
      this.#relay = relay;
      this.#timeouts.allow(this.#idleTimeoutMs);
      if (this.#pass(() => response.release())) this.#upstream?.resume();
      else this.#stall();
    });
    return response;
  }

  responseData(part: Buffer): void {
    this.#context.bytesOut += part.length;
    this.#timeouts.progress();
    if (!this.#pass(() => this.#relay!.write(part))) this.#stall();
  }

  /** The client is slow. Its connection limits how long a response may stay unread; it is less if others wait. */
  #stall(): void {
    if (this.#stalled) return;
    this.#stalled = true;
    this.#upstream?.pause();
    this.#pace ??= new ClientPace(this.#granted.route.bodyRate, Number.POSITIVE_INFINITY, this.#context.bytesOut);
    const now = performance.now();
    this.#pace.wait(now);
    this.#measureReading(this.#pace, now);
  }

  #measureReading(pace: ClientPace, now: number): void {
    const nextMs = pace.measure(now, this.#context.bytesOut, this.blocksOthers);
    if (nextMs === null) this.#context.requestFailed('unread');
    else this.#timeouts.allow(nextMs, now);
  }

  responseWaits(): void {
    if (this.#isEventStream || this.#access !== null) this.#leavePool();
    this.#pass(() => this.#relay!.flush());
  }

  responseEnd(): void {
    this.#timeouts.cancel();
    this.#pass(() => this.#relay!.end());
    this.#upstream = null;
    this.#body?.destroy();
  }

  failed(reason: ReasonCode, cause: unknown): void {
    this.#upstream = null;
    this.#context.fail(reason, cause);
  }

  /**
   * A step that writes to the client. False: the client is slow. What the service sent was checked when it arrived, so whatever is thrown
   * is a fault of the gateway.
   */
  #pass(step: () => unknown): boolean {
    if (this.#state === 'over') return true;
    try {
      return step() !== false;
    } catch (cause) {
      this.#context.fail('internal_error', cause);
      return true;
    }
  }

  drained(): void {
    if (!this.#stalled) return;
    this.#stalled = false;
    const now = performance.now();
    this.#pace?.hold(now);
    this.#timeouts.allow(this.#idleTimeoutMs, now);
    this.#upstream?.resume();
  }

  stop(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#timeouts.cancel();
    this.#upstream?.cancel();
    this.#upstream = null;
    this.#body?.destroy();
    if (this.#context.status === 0) {
      this.#relay?.drop();
      this.#context.bytesOut = 0;
    }
    this.#access?.stop();
  }

  timedOut(): void {
    const context = this.#context;
    if (this.#tunnel !== null) {
      this.#tunnel.timedOut();
    } else if (this.#stalled && this.#pace !== null) {
      this.#measureReading(this.#pace, performance.now());
    } else if (this.#state === 'waiting') {
      context.fail(this.#upstream!.waitsFor === 'client' ? 'client_busy' : 'upstream_busy');
    } else {
      const client = this.#state === 'gathering' || (context.respondedAt === 0 && this.#body?.awaitsClient === true);
      context.fail(client ? 'request_timeout' : 'upstream_timeout');
    }
  }

  accessDue(): void {
    if (this.#access === null) {
      this.#access = new AccessWatch(this.#context, this.#granted, this.#parts, this.#timeouts);
      this.#access.begin();
    } else {
      this.#access.look();
    }
    this.#leavePool();
  }

  /**
   * The response stays open. If there is no room for another one, it keeps its connection of the pool, so that these fill up as those of
   * slow requests do; an event stream, which would keep it for hours, is refused.
   */
  #leavePool(): void {
    if (this.#relay === null) return;
    const full = this.#upstream?.leavePool() ?? null;
    if (full !== null && this.#isEventStream && this.#context.status === 0) this.#context.fail(full);
  }

  endAccess(reason: ReasonCode): void {
    if (this.#tunnel === null) {
      this.#context.fail(reason);
      return;
    }
    this.#access?.stop();
    this.#tunnel.endAccess(reason);
  }

  upgraded(rawHeaders: readonly string[], early: Buffer, take: () => Socket): void {
    this.#upstream = null;
    try {
      this.#tunnel = openTunnel(this.#context, this.#runtime.rules, this.#timeouts, rawHeaders, early, take);
    } catch (cause) {
      this.#context.fail('internal_error', cause);
      return;
    }
    if (this.#tunnel === null) {
      this.#context.fail('upstream_response_invalid', new ClientError('response_invalid', 'handshake_key'));
      return;
    }
    this.#state = 'tunnel';
    this.accessDue();
  }
}

/** How the proxy forwards an allowed request: to a service, unless the gateway itself handles it. */
export function forwarding(parts: ExchangeParts): Forward {
  return (context, decision, runtime, facts) => {
    const { events } = runtime;
    const taken = events === null ? null : takeEvent(context, decision.route.upstream, events, parts);
    if (taken !== null) return taken;
    const forward = () => new Exchange(context, decision, runtime, parts).forward(facts);
    return completeRequest(context, runtime, decision, forward);
  };
}
