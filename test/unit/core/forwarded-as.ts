/** The result for a path: the matched route and the forwarded path, or the reason of the refusal. */
import { expect } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { rewritePath } from '../../../src/core/forwarding/rewrite-path.ts';
import { makePolicy, type RouteSpec, view } from './make-policy.ts';

/** "route path" as forwarded, or the reason. */
export function forwardedAs(specs: readonly RouteSpec[], path: string, method = 'GET'): string {
  const decision = decide(view(`${method} ${path}`), makePolicy(specs), () => expect.fail('the resolver was called'));
  if (decision instanceof Promise) return expect.fail('the decision is a promise');
  if (decision.outcome !== 'allow') return String(decision.reason);
  const forwarded = rewritePath(decision.route, decision.request.path);
  return forwarded === null ? 'path_ambiguous' : `${decision.route.id} ${forwarded}`;
}
