/**
 * The request line: read, admit, decide, finish; `observe` follows when the response has ended. Only this file determines the order of
 * these steps. It contains no policy. Entrypoints differ in how they read and finish: the proxy forwards, refuses or responds to a
 * preflight, an external authorizer responds to the calling proxy. A fault in one request is that request's `internal_error`; a request can
 * never end the process.
 */
import { randomUUID } from 'node:crypto';
import type { Decision } from '../core/decision.ts';
import { clientAddress, clientNetwork, namesClient } from '../core/forwarding/client-address.ts';
import { type ClientFacts, clientFacts } from '../core/forwarding/client-facts.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { RequestView } from '../core/request/request-view.ts';
import type { TrustedProxies } from '../core/syntax/addresses.ts';
import type { Response } from '../http1/server/response.ts';
import type { WholeResponse } from '../http1/server/whole-response.ts';
import type { RequestTrace } from '../telemetry/request-trace.ts';
import { takeEvent } from './event-request.ts';
import { Exchange } from './exchange.ts';
import type { ExchangeParts, Gateway } from './gateway.ts';
import type { LoadShedder } from './load-shedder.ts';
import { respondItself } from './own-response.ts';
import type { RequestContext } from './request-context.ts';
import { withAssertion } from './with-assertion.ts';

export interface ServeParts<R extends WholeResponse = Response> {
  /** Read once per request, so that a request sees one configuration from its start to its end. */
  gateway: Gateway;
  readonly limits: { readonly headers: number; readonly targetBytes: number };
  readonly trustedProxies: TrustedProxies;
  readonly draining: boolean;
  readonly shedder: Pick<LoadShedder, 'refuses'>;
  /** Whether requests wait for every upstream connection. */
  congested(gateway: Gateway): boolean;
  readonly finish: Finish<R>;
}

/** Acts on a decision; this step differs by entrypoint. Rejects for faults of the gateway. */
export type Finish<R extends WholeResponse = Response> = (
  context: RequestContext<R>,
  decision: Decision,
  gateway: Gateway,
  facts: ClientFacts,
) => Promise<void> | undefined;

export function serve<R extends WholeResponse>(context: RequestContext<R>, parts: ServeParts<R>): void {
  try {
    const { gateway } = parts;
    if (gateway.tracing != null)
      context.trace = gateway.tracing.begin(context.request.rawHeaders, context.peer.trusted);
    const view = readView(context, gateway, parts.trustedProxies);
    const refused = admit(context, gateway, parts);
    if (refused !== null) {
      context.fail(refused);
      return;
    }
    const decision = decide(context.trace, gateway, view);
    if (!(decision instanceof Promise)) {
      proceed(context, gateway, decision, parts);
      return;
    }
    decision.then(
      (settled) => proceed(context, gateway, settled, parts),
      (cause: unknown) => fault(context, cause),
    );
  } catch (cause) {
    fault(context, cause);
  }
}

function decide(trace: RequestTrace | null, gateway: Gateway, view: RequestView): Decision | Promise<Decision> {
  if (trace === null) return gateway.decide(view, gateway.policy, gateway.resolve);
  return trace.deciding(() => gateway.decide(view, gateway.policy, gateway.resolve));
}

/** Plain data for `decide`: nothing is parsed, copied or trusted here. Also determines the client key. */
export function readView(
  context: RequestContext<WholeResponse>,
  { rules }: Gateway,
  trustedProxies: TrustedProxies,
): RequestView {
  const { request, peer } = context;
  const { method, target, rawHeaders, minor } = request;
  // Null: the client is not known for certain.
  let address: string | null = peer.address;
  if (peer.trusted) {
    address = clientAddress(peer, rawHeaders, trustedProxies, rules.forwardedHeaders);
    context.clientKey = address === null ? peer.network : clientNetwork(address);
    context.unnamed = address === peer.address && !namesClient(rawHeaders, rules.forwardedHeaders);
  }
  return {
    method,
    target,
    rawHeaders,
    httpVersion: minor === 0 ? '1.0' : '1.1',
    client: context.memoryKey ?? undefined,
    address,
    trusted: peer.trusted,
    now: Date.now,
  };
}

/** Refuses a request before the decision, because of its own limits or the state of the gateway. */
function admit(
  context: RequestContext<WholeResponse>,
  gateway: Gateway,
  parts: Omit<ServeParts, 'finish'>,
): ReasonCode | null {
  const { request } = context;
  if (request.target.length > parts.limits.targetBytes) return 'target_too_long';
  if (request.rawHeaders.length > parts.limits.headers * 2) return 'headers_too_large';
  if (request.expect === 'unknown') return 'expectation_failed';
  if (request.upgrade === 'websocket' && parts.draining) return 'draining';
  if (parts.shedder.refuses()) return 'overloaded';
  return parts.congested(gateway) ? 'upstream_busy' : null;
}

function proceed<R extends WholeResponse>(
  context: RequestContext<R>,
  gateway: Gateway,
  decision: Decision,
  parts: ServeParts<R>,
): void {
  try {
    // During the call to the source, the client may have left or been refused.
    if (context.over || context.response.ended) return;
    context.decidedAt = performance.now();
    context.decision = decision;
    const { request, peer } = context;
    const authority = decision.request?.authority ?? '';
    const { forwardedHeaders, returnsRequestId } = gateway.rules;
    const facts = clientFacts(peer, authority, request.rawHeaders, parts.trustedProxies, randomUUID, forwardedHeaders);
    context.client = facts.client;
    context.proto = facts.proto;
    context.requestId = facts.requestId;
    if (returnsRequestId) context.returned = ['x-request-id', facts.requestId];
    parts.finish(context, decision, gateway, facts)?.catch((cause: unknown) => fault(context, cause));
  } catch (cause) {
    fault(context, cause);
  }
}

/** How the proxy finishes a request. */
export function forwardOrRefuse(parts: ExchangeParts): Finish {
  return (context, decision, gateway, facts) => {
    if (decision.outcome === 'allow') {
      const { events } = gateway;
      const taken = events === null ? null : takeEvent(context, decision.route.upstream, events, parts.memory);
      if (taken !== null) return taken;
      const forward = () => new Exchange(context, decision, gateway, parts, facts).forward();
      if (gateway.assertion !== null) return withAssertion(context, gateway.assertion, decision, forward);
      forward();
    } else if (decision.outcome === 'refuse') {
      context.fail(decision.reason, decision.cause);
    } else {
      respondItself(context, decision);
    }
    return undefined;
  };
}

/** A fault of the gateway. If even the refusal fails, only the connection is lost. */
function fault(context: RequestContext<WholeResponse>, cause: unknown): void {
  try {
    context.fail('internal_error', cause);
  } catch {
    context.break();
  }
}
