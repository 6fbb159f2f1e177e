/** Between the decision and the service: an allowed request gets what the service receives besides it, at once or as soon as it exists. */

import { sessionOf } from '../core/credential/session-cookie.ts';
import { type Allow, refuse } from '../core/decision.ts';
import type { WholeResponse } from '../http1/server/whole-response.ts';
import type { RequestContext } from './request-context.ts';
import type { RequestRuntime } from './runtime.ts';
import { withAssertion } from './with-assertion.ts';

/** Undefined: it is done. Rejects for faults of the gateway. */
export function completeRequest(
  context: RequestContext<WholeResponse>,
  runtime: RequestRuntime,
  decision: Allow,
  forward: () => void,
): Promise<void> | undefined {
  const { route, identity } = decision;
  if (route.forwardToken === null || identity?.kind !== 'session') return signed(context, runtime, decision, forward);
  return withToken(context, runtime, decision, forward);
}

function signed(
  context: RequestContext<WholeResponse>,
  { assertion }: RequestRuntime,
  decision: Allow,
  forward: () => void,
): Promise<void> | undefined {
  if (assertion !== null) return withAssertion(context, assertion, decision, forward);
  forward();
  return undefined;
}

/** The token of the session. Without one it is refused: the service would take it for a request without a user. */
async function withToken(
  context: RequestContext<WholeResponse>,
  runtime: RequestRuntime,
  decision: Allow,
  forward: () => void,
): Promise<void> {
  const { tokens, policy } = runtime;
  const { session } = policy.credentials;
  const credential = session === null ? null : sessionOf(decision.request, context.request.rawHeaders, session);
  if (tokens == null || credential === null || typeof credential === 'string')
    throw new Error('a session without its cookie was allowed');
  const result = await tokens.of(credential.id, decision.route.forwardToken!);
  // The client may have left meanwhile.
  if (context.over || context.response.ended) return;
  if (result.token === null) {
    const { reason, failure } = result;
    context.decision = refuse(decision, reason, failure === null ? {} : { failure });
    context.fail(reason);
    return;
  }
  context.token = result.token;
  await signed(context, runtime, decision, forward);
}
