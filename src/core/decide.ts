/**
 * One decision, from request to identity. Every entrypoint reads a request, calls `decide`, and forwards only on `allow`.
 * Pure: the only effect is the injected `resolve`. Unknown, unavailable, ambiguous or thrown is a refusal. With the
 * identity in memory the whole decision is synchronous.
 */

import { authorize, authorizeResolved } from './authorize.ts';
import type { CredentialSources } from './credential/credential.ts';
import { extractCredential } from './credential/extract-credential.ts';
import { metadataPath } from './credential/resource-metadata.ts';
import { type Decision, refuse, type Trail } from './decision.ts';
import type { Resolution, ResolveIdentity } from './identity/identity.ts';
import { reasons } from './outcome/reasons.ts';
import type { RoleMapping } from './policy/map-roles.ts';
import { normalizeRequest } from './request/normalize-request.ts';
import type { RequestView } from './request/request-view.ts';
import type { ViaRule } from './request/via.ts';
import { respondItself } from './respond-itself.ts';
import { maxVerdictAgeFor } from './routing/find-route.ts';
import { matchRoute } from './routing/match-route.ts';
import type { RouteTable } from './routing/route-table.ts';

/** Everything that decides requests; complete at load and never changed. */
export interface Policy {
  readonly routes: RouteTable;
  readonly credentials: CredentialSources;
  /** Roles derived from other fields; null: none. */
  readonly roleMapping: RoleMapping | null;
  /** How a loop of gateways is detected; null or unset: not at all. */
  readonly via?: ViaRule | null;
}

/** Never throws and never rejects: a fault is a refusal with `internal_error` and its cause. */
export function decide(view: RequestView, policy: Policy, resolve: ResolveIdentity): Decision | Promise<Decision> {
  const trail: Trail = {
    stage: 'normalize',
    request: null,
    route: null,
    identity: null,
    source: 'none',
    resolution: null,
  };
  const broken = (cause: unknown) => refuse(trail, 'internal_error', { cause });
  try {
    const decision = walk(trail, view, policy, resolve);
    return decision instanceof Promise ? decision.catch(broken) : decision;
  } catch (cause) {
    return broken(cause);
  }
}

function walk(trail: Trail, view: RequestView, policy: Policy, resolve: ResolveIdentity): Decision | Promise<Decision> {
  const read = normalizeRequest(view, policy.via ?? null);
  if (typeof read === 'string') return refuse(trail, read);
  trail.request = read;

  trail.stage = 'match';
  if (read.method === 'OPTIONS' || read.path.startsWith(metadataPath)) {
    const own = respondItself(trail, read, view, policy);
    if (own !== null) return own;
  }
  const match = matchRoute(policy.routes, read);
  if (typeof match === 'string') return refuse(trail, match);
  trail.route = match.route;
  if ('allow' in match) return refuse(trail, 'method_not_allowed', { allow: match.allow });
  const { request, rule } = match;
  trail.request = request;
  if (rule.kind === 'public' || rule.kind === 'deny') return authorize(trail, view, match, null);

  trail.stage = 'extract';
  const { rawHeaders, certificate } = view;
  const credential = extractCredential(request, rawHeaders, policy.credentials, match.route.credentials, certificate);
  if (credential === null || typeof credential === 'string') {
    const reason = credential ?? 'credential_missing';
    const anonymous = rule.kind === 'optional' && reasons[reason].status === 401;
    return anonymous ? authorize(trail, view, match, null) : refuse(trail, reason);
  }

  trail.stage = 'resolve';
  const authorized = (outcome: Resolution) => authorizeResolved(trail, view, match, outcome, policy.roleMapping);
  const resolution = resolve(credential, maxVerdictAgeFor(match.route, request.method), view.client);
  return resolution instanceof Promise ? resolution.then(authorized) : authorized(resolution);
}
