/**
 * The straight line. Every door reads a request, calls `decide`, and forwards only on `allow`. Pure: the only effect
 * is the injected `resolve`. Unknown, unavailable, ambiguous or thrown is a refusal. With the identity in memory the
 * whole line is synchronous.
 */
import type { CredentialSources } from './credential/credential.ts';
import { extractCredential } from './credential/extract-credential.ts';
import type { Resolution, ResolveIdentity } from './identity/identity.ts';
import { allow, type Decision, refuse } from './outcome/decision.ts';
import { reasons } from './outcome/reasons.ts';
import { authorize } from './policy/authorize.ts';
import { normalizeRequest } from './request/normalize-request.ts';
import type { CanonicalRequest, RequestView } from './request/request-view.ts';
import type { RouteMatch, RouteTable } from './routing/compile-routes.ts';
import { matchRoute } from './routing/match-route.ts';

/** What requests are decided by; made whole at load and never changed. */
export interface Policy {
  readonly routes: RouteTable;
  readonly credentials: CredentialSources;
}

/** Never throws and never rejects: a fault is a refusal with `internal_error` and its cause. */
export function decide(view: RequestView, policy: Policy, resolve: ResolveIdentity): Decision | Promise<Decision> {
  try {
    return walk(view, policy, resolve);
  } catch (cause) {
    return { ...refuse('normalize', 'internal_error', null, null), cause };
  }
}

function walk(view: RequestView, policy: Policy, resolve: ResolveIdentity): Decision | Promise<Decision> {
  const request = normalizeRequest(view);
  if (typeof request === 'string') return refuse('normalize', request, null, null);

  const match = matchRoute(policy.routes, request);
  if (typeof match === 'string') return refuse('match', match, request, null);
  if ('allow' in match) return { ...refuse('match', 'method_not_allowed', request, match.route), allow: match.allow };

  const { route, rule } = match;
  if (rule.kind === 'public') return allow('match', request, route, null);
  if (rule.kind === 'deny') return refuse('authorize', 'access_denied', request, route);

  const credential = extractCredential(request, view.rawHeaders, policy.credentials);
  if (credential === null || typeof credential === 'string') {
    const reason = credential ?? 'credential_missing';
    const anonymous = rule.kind === 'optional' && reasons[reason].status === 401;
    return anonymous ? allow('extract', request, route, null) : refuse('extract', reason, request, route);
  }

  try {
    const resolution = resolve(credential, route.maxAgeMs, view.client);
    return resolution instanceof Promise
      ? resolution.then((settled) => conclude(settled, match, request)).catch((cause) => broken(cause, match, request))
      : conclude(resolution, match, request);
  } catch (cause) {
    return broken(cause, match, request);
  }
}

function broken(cause: unknown, { route }: RouteMatch, request: CanonicalRequest): Decision {
  return { ...refuse('resolve', 'internal_error', request, route), cause };
}

function conclude(resolution: Resolution, { route, rule }: RouteMatch, request: CanonicalRequest): Decision {
  const { identity, reason, source } = resolution;
  // Anything but exactly one of the two is no answer: what is no identity must not pass where any identity may.
  if (identity === undefined || (identity === null) === (reason === null))
    throw new TypeError('the resolver gave no resolution');
  if (identity === null) {
    if (rule.kind === 'optional' && reason === 'credential_rejected') return allow('resolve', request, route, null);
    return refuse('resolve', reason, request, route, null, source, resolution.retryAfterS);
  }
  const denied = authorize(rule, identity);
  if (denied !== null) return refuse('authorize', denied, request, route, identity, source);
  return allow('authorize', request, route, resolution);
}
