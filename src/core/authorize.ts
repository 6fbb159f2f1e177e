/** Fifth stage: whether the identity, or an anonymous caller, may use the route. Every `allow` passes through here. */
import { type Allow, type Decision, refuse, type Trail } from './decision.ts';
import { heldBy } from './identity/certificate-bound.ts';
import type { Accepted, Identity, Resolution } from './identity/identity.ts';
import type { ReasonCode } from './outcome/reasons.ts';
import type { AccessRule } from './policy/access.ts';
import { firstUnmet } from './policy/evaluate-conditions.ts';
import { mapRoles, type RoleMapping } from './policy/map-roles.ts';
import { checkRoles, meets } from './policy/role-demand.ts';
import { factsInScope } from './policy/scopes-of-route.ts';
import type { CanonicalRequest, RequestView } from './request/request-view.ts';
import type { Route } from './routing/route.ts';
import type { RouteMatch } from './routing/route-table.ts';

/** `accepted` null: an anonymous caller. */
export function authorize(trail: Trail, view: RequestView, match: RouteMatch, accepted: Accepted | null): Decision {
  const { route, rule, request } = match;
  if (accepted !== null) {
    trail.identity = accepted.identity;
    trail.source = accepted.source;
  }
  const { conditions, scopes } = route;
  const facts = conditions === null && scopes === null ? null : factsInScope(view, match, trail.identity);
  const reason = checkRule(rule, facts === null ? trail.identity : facts.identity);
  if (reason !== null || accepted !== null || conditions !== null) trail.stage = 'authorize';
  if (reason !== null) return refuse(trail, reason);
  if (conditions !== null && facts !== null) {
    const condition = firstUnmet(conditions, facts);
    if (condition !== null) return refuse(trail, condition.reason, { condition });
  }
  return allow(trail, request, route, accepted?.stale ?? false);
}

/** `stale`: the verdict is past its lifetime. */
function allow(trail: Readonly<Trail>, request: CanonicalRequest, route: Route, stale: boolean): Allow {
  return { ...trail, outcome: 'allow', reason: null, request, route, stale };
}

/** Authorizes an identity, or refuses. With `optional`, a caller with a rejected credential is anonymous. */
export function authorizeResolved(
  trail: Trail,
  view: RequestView,
  match: RouteMatch,
  resolved: Resolution,
  roleMapping: RoleMapping | null,
): Decision {
  const resolution = heldBy(resolved, view.certificate);
  const { identity, reason, source } = resolution;
  // Anything but exactly one of the two is not a result: a missing identity must not pass a rule that allows any identity.
  if (identity === undefined || (identity === null) === (reason === null)) throw new TypeError('not a resolution');
  trail.resolution = resolution;
  if (identity !== null)
    return authorize(trail, view, match, roleMapping === null ? resolution : mapRoles(roleMapping, resolution));
  if (match.rule.kind === 'optional' && reason === 'credential_rejected') return authorize(trail, view, match, null);
  trail.source = source;
  const { retryAfterS, failure = null, rejection = null } = resolution;
  return refuse(trail, reason, { retryAfterS, failure, rejection });
}

/** Null: the rule grants access. Otherwise `role_missing`, `role_forbidden` or `access_denied`. */
export function checkRule(rule: AccessRule, identity: Identity | null): ReasonCode | null {
  switch (rule.kind) {
    case 'public':
    case 'optional':
      return null;
    case 'deny':
      return 'access_denied';
    case 'authenticated':
      return identity === null ? 'access_denied' : null;
    case 'roles':
      return identity === null ? 'access_denied' : checkRoles(rule.demand, identity.roles, meets);
  }
}
