/**
 * An allowed request gets the signed identity of its client, at once if one exists, otherwise as soon as it is signed. Without a key it is
 * refused. Routes for the public keys are served here.
 */
import type { Allow } from '../core/decision.ts';
import { identityKeys } from '../core/routing/route.ts';
import type { WholeResponse } from '../http1/server/whole-response.ts';
import { respondWithText } from './own-response.ts';
import type { RequestContext } from './request-context.ts';
import type { RequestRuntime } from './runtime.ts';

type Assertion = NonNullable<RequestRuntime['assertion']>;

/** Undefined: it is done. Rejects for faults of the gateway. */
export function withAssertion(
  context: RequestContext<WholeResponse>,
  assertion: Assertion,
  { route, identity }: Allow,
  forward: () => void,
): Promise<void> | undefined {
  if (route.upstream === identityKeys) {
    showKeys(context, assertion);
    return undefined;
  }
  const signed = identity === null || route.audience === null ? null : assertion.of(identity, route.audience);
  if (signed instanceof Promise) return signed.then((token) => forwardLater(context, token, forward));
  context.assertion = signed;
  forward();
  return undefined;
}

function forwardLater(context: RequestContext<WholeResponse>, token: string | null, forward: () => void): void {
  // The client may have left meanwhile.
  if (context.over || context.response.ended) return;
  if (token === null) {
    context.fail('signing_key_missing');
    return;
  }
  context.assertion = token;
  forward();
}

function showKeys(context: RequestContext<WholeResponse>, { keys }: Assertion): void {
  const published = keys.published();
  if (published === null) context.fail('signing_key_missing');
  else
    respondWithText(context, published.text, ['content-type', published.type, 'cache-control', published.cacheControl]);
}
