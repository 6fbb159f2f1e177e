/** Fifth stage: the roles and the conditions of the route. Every way to `allow` leads through here. */
import type { Accepted, Resolution } from '../identity/identity.ts';
import { allow, type Decision, refuse, type Stage } from '../outcome/decision.ts';
import type { CanonicalRequest, RequestView } from '../request/request-view.ts';
import type { RouteMatch } from '../routing/compile-routes.ts';
import { authorize } from './authorize.ts';
import type { ConditionFacts } from './conditions.ts';
import { firstUnmet } from './evaluate-conditions.ts';
import { mapRoles, type RoleMapping } from './map-roles.ts';

/** `accepted` is null for an anonymous caller, whom the rule lets in; `stage` is the one that settled that. */
export function admit(
  stage: Stage,
  view: RequestView,
  request: CanonicalRequest,
  { route, rule }: RouteMatch,
  accepted: Accepted | null = null,
): Decision {
  if (accepted !== null) {
    const denied = authorize(rule, accepted.identity);
    if (denied !== null) return refuse('authorize', denied, request, route, accepted.identity, accepted.source);
  }
  const { conditions } = route;
  if (conditions === null) return allow(stage, request, route, accepted);
  const facts: ConditionFacts = {
    request,
    pattern: route.pattern,
    ignoresCase: route.reading !== null && route.reading.literals !== null,
    rawHeaders: view.rawHeaders,
    address: view.address ?? null,
    identity: accepted?.identity ?? null,
  };
  const unmet = firstUnmet(conditions, facts);
  if (unmet === null) return allow('authorize', request, route, accepted);
  return {
    ...refuse('authorize', 'condition_failed', request, route, facts.identity, accepted?.source),
    condition: unmet,
  };
}

/** What the resolver says of the credential: an identity to judge, or a refusal; with `optional`, a clear no is anonymous. */
export function admitResolved(
  resolution: Resolution,
  view: RequestView,
  request: CanonicalRequest,
  match: RouteMatch,
  roleMapping: RoleMapping | null,
): Decision {
  const { identity, reason, source } = resolution;
  // Anything but exactly one of the two is no answer: what is no identity must not pass where any identity may.
  if (identity === undefined || (identity === null) === (reason === null))
    throw new TypeError('the resolver gave no resolution');
  if (identity === null) {
    const anonymous = match.rule.kind === 'optional' && reason === 'credential_rejected';
    if (anonymous) return admit('resolve', view, request, match);
    return refuse('resolve', reason, request, match.route, null, source, resolution.retryAfterS);
  }
  return admit(
    'authorize',
    view,
    request,
    match,
    roleMapping === null ? resolution : mapRoles(roleMapping, resolution),
  );
}
