/**
 * The request line: read, admit, decide, then forward, refuse or respond; `observe` follows when the response has ended. Only this file
 * determines the order of these steps, for every entrypoint. It contains no policy. Entrypoints differ in how they forward: the proxy sends
 * the request to a service, an external authorizer responds to the calling proxy. A fault in one request is that request's
 * `internal_error`; a request can never end the process.
 */
import type { Decision, Refuse } from '../core/decision.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { RequestView } from '../core/request/request-view.ts';
import { isLongerThan } from '../core/url/escape-utf8.ts';
import type { WholeResponse } from '../http1/server/whole-response.ts';
import type { RequestTrace } from '../telemetry/request-record.ts';
import { readFacts, readView } from './read-view.ts';
import type { RequestContext } from './request-context.ts';
import { requireHttps } from './require-https.ts';
import type { RequestRuntime, ServeParts } from './runtime.ts';

export function serve<R extends WholeResponse>(context: RequestContext<R>, parts: ServeParts<R>): void {
  try {
    const { runtime } = parts;
    if (runtime.tracing != null)
      context.trace = runtime.tracing.begin(context.request.rawHeaders, context.peer.trusted);
    const view = readView(context, runtime, parts.trustedProxies);
    const refused = admit(context, runtime, parts) ?? requireHttps(context, view, runtime, parts.trustedProxies);
    if (refused !== null) {
      context.fail(refused);
      return;
    }
    if (runtime.ownPages?.serves(view.target)) {
      runtime.ownPages
        .serve(context, parts.trustedProxies, runtime.rules.forwardedHeaders)
        .catch((cause: unknown) => fault(context, cause));
      return;
    }
    const decision = decide(context.trace, runtime, view);
    if (!(decision instanceof Promise)) {
      finish(context, runtime, decision, parts);
      return;
    }
    decision.then(
      (settled) => finish(context, runtime, settled, parts),
      (cause: unknown) => fault(context, cause),
    );
  } catch (cause) {
    fault(context, cause);
  }
}

/** Refuses a request before the decision, because of its own limits or the state of the gateway. */
function admit<R extends WholeResponse>(
  { request }: RequestContext<R>,
  { upstreams }: RequestRuntime,
  parts: ServeParts<R>,
): ReasonCode | null {
  if (isLongerThan(request.target, parts.limits.targetBytes)) return 'target_too_long';
  if (request.rawHeaders.length > parts.limits.headers * 2) return 'headers_too_large';
  if (request.expect === 'unknown') return 'expectation_failed';
  if (request.upgrade === 'websocket' && parts.draining) return 'draining';
  if (parts.shedder.refuses()) return 'overloaded';
  if (!parts.usesUpstreams || !upstreams.congested) return null;
  return parts.shedder.refusesToWait() ? 'overloaded' : 'upstream_busy';
}

function decide(trace: RequestTrace | null, runtime: RequestRuntime, view: RequestView): Decision | Promise<Decision> {
  if (trace === null) return runtime.decide(view, runtime.policy, runtime.resolve);
  return trace.deciding(() => runtime.decide(view, runtime.policy, runtime.resolve));
}

function finish<R extends WholeResponse>(
  context: RequestContext<R>,
  runtime: RequestRuntime,
  decision: Decision,
  parts: ServeParts<R>,
): void {
  try {
    // During the call to the source, the client may have left or been refused.
    if (context.over || context.response.ended) return;
    context.decidedAt = performance.now();
    context.decision = decision;
    const facts = readFacts(context, decision, runtime, parts.trustedProxies);
    if (decision.outcome === 'allow')
      parts.forward(context, decision, runtime, facts)?.catch((cause: unknown) => fault(context, cause));
    else if (decision.outcome === 'refuse') refuse(context, runtime, decision, parts);
    else parts.respond(context, decision);
  } catch (cause) {
    fault(context, cause);
  }
}

function refuse<R extends WholeResponse>(
  context: RequestContext<R>,
  runtime: RequestRuntime,
  decision: Refuse,
  { keepForm }: ServeParts<R>,
): void {
  const kept = keepForm?.(context, decision, runtime) ?? null;
  if (kept === null) context.fail(decision.reason, decision.cause);
  else kept.catch((cause: unknown) => fault(context, cause));
}

/** A fault of the gateway. If even the refusal fails, only the connection is lost. */
function fault(context: RequestContext<WholeResponse>, cause: unknown): void {
  try {
    context.fail('internal_error', cause);
  } catch {
    context.break();
  }
}
