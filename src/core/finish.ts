/** The end of a decision: what the resolver found, and whether the route's rule and conditions allow it (`authorize`). */
import { allow, type Decision, refuse, type Trail } from './decision.ts';
import type { Accepted, Resolution } from './identity/identity.ts';
import { authorize } from './policy/authorize.ts';
import { factsOf } from './policy/conditions.ts';
import { mapRoles, type RoleMapping } from './policy/map-roles.ts';
import type { RequestView } from './request/request-view.ts';
import type { RouteMatch } from './routing/compile-routes.ts';

/** Every way to `allow` leads through here. `accepted` null: an anonymous caller. */
export function finish(
  trail: Trail,
  view: RequestView,
  { route, rule, request }: RouteMatch,
  accepted: Accepted | null,
): Decision {
  if (accepted !== null) {
    trail.identity = accepted.identity;
    trail.source = accepted.source;
  }
  const denied = authorize(rule, route.conditions, factsOf(view, request, route, trail.identity));
  if (denied !== null || accepted !== null || route.conditions !== null) trail.stage = 'authorize';
  return denied === null
    ? allow(trail, request, route, accepted?.stale ?? false)
    : refuse(trail, denied.reason, denied);
}

/** An identity to authorize, or a refusal; with `optional`, a rejected credential makes an anonymous caller. */
export function finishResolved(
  trail: Trail,
  view: RequestView,
  match: RouteMatch,
  resolution: Resolution,
  roleMapping: RoleMapping | null,
): Decision {
  const { identity, reason, source } = resolution;
  // Anything but exactly one of the two is no result: what is no identity must not pass where any identity may.
  if (identity === undefined || (identity === null) === (reason === null)) throw new TypeError('not a resolution');
  if (identity !== null) return finish(trail, view, match, mapRoles(roleMapping, resolution));
  if (match.rule.kind === 'optional' && reason === 'credential_rejected') return finish(trail, view, match, null);
  trail.source = source;
  const { retryAfterS, failure = null } = resolution;
  return refuse(trail, reason, { retryAfterS, failure });
}
