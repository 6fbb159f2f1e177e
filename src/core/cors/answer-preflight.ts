/**
 * The question that a browser asks before a request across origins (Fetch standard, section 4.8): OPTIONS with `Origin`
 * and `Access-Control-Request-Method`. It is answered here, before any credential is read, when the route that the
 * method it asks about would match has a CORS section; it is never forwarded. Every other OPTIONS is a method like others.
 */
import { type Preflight, type Refuse, refuse } from '../outcome/decision.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import type { RouteTable } from '../routing/compile-routes.ts';
import { matchRoute } from '../routing/match-route.ts';
import { originOf } from './cors-headers.ts';
import { allowedOrigin, type CorsPolicy } from './cors-policy.ts';

/** RFC 9110 section 5.6.2 token. */
const methodName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}$/;

/** Null: no preflight, or none that is ours to answer. `cors_origin_forbidden` for an origin that may not. */
export function answerPreflight(
  request: CanonicalRequest,
  rawHeaders: readonly string[],
  routes: RouteTable,
): Preflight | Refuse | null {
  const origin = originOf(rawHeaders);
  const method = requestedMethod(rawHeaders);
  if (origin === null || method === null) return null;
  const match = matchRoute(routes, { ...request, method });
  if (typeof match === 'string' || 'allow' in match) return null;
  const { route } = match;
  if (route.cors === null) return null;
  const allowed = allowedOrigin(route.cors, origin);
  if (allowed === null) return refuse('match', 'cors_origin_forbidden', request, route);
  const headers = preflightHeaders(route.cors, allowed, method);
  return {
    outcome: 'preflight',
    reason: null,
    stage: 'match',
    request,
    route,
    identity: null,
    source: 'none',
    headers,
  };
}

/** Whether a request is that question, to whatever route; also one that is answered as a method like others. */
export function isPreflight(method: string, rawHeaders: readonly string[]): boolean {
  return method === 'OPTIONS' && originOf(rawHeaders) !== null && requestedMethod(rawHeaders) !== null;
}

function requestedMethod(rawHeaders: readonly string[]): string | null {
  let method: string | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length !== 29 || rawHeaders[i]!.toLowerCase() !== 'access-control-request-method') continue;
    if (method !== null) return null;
    method = rawHeaders[i + 1]!;
  }
  return method !== null && methodName.test(method) ? method : null;
}

/** Fixed by the route but for the origin and the method, which are both of a checked alphabet. */
function preflightHeaders(policy: CorsPolicy, origin: string, method: string): readonly string[] {
  const out = ['access-control-allow-origin', origin];
  if (policy.credentials) out.push('access-control-allow-credentials', 'true');
  out.push('access-control-allow-methods', policy.methods ?? method);
  if (policy.headers !== '') out.push('access-control-allow-headers', policy.headers);
  out.push('access-control-max-age', String(policy.maxAgeS));
  // RFC 9110 section 12.5.5; browsers keep preflights apart, proxies in between may not.
  out.push('vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers');
  return out;
}
