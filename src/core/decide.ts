/**
 * The straight line. Every door reads a request, calls `decide`, and forwards only on `allow`. Pure: the only effect
 * is the injected `resolve`. Unknown, unavailable, ambiguous or thrown is a refusal. With the identity in memory the
 * whole line is synchronous.
 */
import { answerPreflight } from './cors/answer-preflight.ts';
import type { CredentialSources } from './credential/credential.ts';
import { extractCredential } from './credential/extract-credential.ts';
import type { ViaRule } from './forwarding/via.ts';
import type { ResolveIdentity } from './identity/identity.ts';
import { type Decision, refuse } from './outcome/decision.ts';
import { reasons } from './outcome/reasons.ts';
import { admit, admitResolved } from './policy/admit.ts';
import type { RoleMapping } from './policy/map-roles.ts';
import { throughShadow } from './policy/shadow-route.ts';
import { normalizeRequest } from './request/normalize-request.ts';
import type { CanonicalRequest, RequestView } from './request/request-view.ts';
import type { RouteMatch, RouteTable } from './routing/compile-routes.ts';
import { matchRoute } from './routing/match-route.ts';

/** What requests are decided by; made whole at load and never changed. */
export interface Policy {
  readonly routes: RouteTable;
  readonly credentials: CredentialSources;
  /** Roles that follow from other fields; null: none do. */
  readonly roleMapping: RoleMapping | null;
  /** How a request that goes in a circle is told; left out: no loop is looked for. */
  readonly via?: ViaRule;
}

/** Never throws and never rejects: a fault is a refusal with `internal_error` and its cause. */
export function decide(view: RequestView, policy: Policy, resolve: ResolveIdentity): Decision | Promise<Decision> {
  try {
    const decision = walk(view, policy, resolve);
    return decision instanceof Promise ? decision.then(throughShadow) : throughShadow(decision);
  } catch (cause) {
    return { ...refuse('normalize', 'internal_error', null, null), cause };
  }
}

function walk(view: RequestView, policy: Policy, resolve: ResolveIdentity): Decision | Promise<Decision> {
  const read = normalizeRequest(view, policy.via);
  if (typeof read === 'string') return refuse('normalize', read, null, null);

  const preflight = read.method === 'OPTIONS' ? answerPreflight(read, view.rawHeaders, policy.routes) : null;
  if (preflight !== null) return preflight;

  const match = matchRoute(policy.routes, read);
  if (typeof match === 'string') return refuse('match', match, read, null);
  if ('allow' in match) return { ...refuse('match', 'method_not_allowed', read, match.route), allow: match.allow };

  const { route, rule } = match;
  const request = match.request ?? read;
  const { roleMapping } = policy;
  if (rule.kind === 'public') return admit('match', view, request, match);
  if (rule.kind === 'deny') return refuse('authorize', 'access_denied', request, route);

  const credential = extractCredential(request, view.rawHeaders, policy.credentials);
  if (credential === null || typeof credential === 'string') {
    const reason = credential ?? 'credential_missing';
    const anonymous = rule.kind === 'optional' && reasons[reason].status === 401;
    return anonymous ? admit('extract', view, request, match) : refuse('extract', reason, request, route);
  }

  try {
    const resolution = resolve(credential, route.maxAgeMs ?? Infinity, view.client);
    if (!(resolution instanceof Promise)) return admitResolved(resolution, view, request, match, roleMapping);
    const settling = resolution.then((settled) => admitResolved(settled, view, request, match, roleMapping));
    return settling.catch((cause) => broken(cause, match, request));
  } catch (cause) {
    return broken(cause, match, request);
  }
}

function broken(cause: unknown, { route }: RouteMatch, request: CanonicalRequest): Decision {
  return { ...refuse('resolve', 'internal_error', request, route), cause };
}
