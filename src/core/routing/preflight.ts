/**
 * The preflight of a cross-origin request (Fetch standard, section 4.8): OPTIONS with `Origin` and `Access-Control-Request-Method`. If the
 * route that the requested method would match has a CORS section, the response is created here, before any credential is read; the
 * preflight is never forwarded. Any other OPTIONS is matched like other methods.
 */
import { allowedOrigin, type CorsPolicy, originOf } from '../forwarding/cors.ts';
import { isSupportedMethod } from '../request/normalize-request.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import { isNamed } from '../syntax/header-fields.ts';
import { matchRoute } from './match-route.ts';
import type { Route } from './route.ts';
import type { RouteTable } from './route-table.ts';

export interface PreflightResponse {
  /** The route that the preflight is for. */
  readonly route: Route;
  /** Alternating names and values; null: its origin is not allowed. */
  readonly headers: readonly string[] | null;
}

/** Null: not a preflight, or not for a route with a CORS section. */
export function respondToPreflight(
  routes: RouteTable,
  request: CanonicalRequest,
  rawHeaders: readonly string[],
): PreflightResponse | null {
  if (request.method !== 'OPTIONS') return null;
  const origin = originOf(rawHeaders);
  const method = requestedMethod(rawHeaders);
  if (origin === null || method === null) return null;
  const match = matchRoute(routes, { ...request, method });
  if (typeof match === 'string' || 'allow' in match) return null;
  const { route } = match;
  if (route.cors === null) return null;
  const allowed = allowedOrigin(route.cors, origin);
  return { route, headers: allowed === null ? null : preflightHeaders(route.cors, allowed, method) };
}

/** Whether a request is a preflight for any route, including one that is matched like other methods. */
export function isPreflight(method: string, rawHeaders: readonly string[]): boolean {
  return method === 'OPTIONS' && originOf(rawHeaders) !== null && requestedMethod(rawHeaders) !== null;
}

function requestedMethod(rawHeaders: readonly string[]): string | null {
  let method: string | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (!isNamed(rawHeaders[i]!, 'access-control-request-method')) continue;
    if (method !== null) return null;
    method = rawHeaders[i + 1]!;
  }
  return method !== null && isSupportedMethod(method) ? method : null;
}

/** Fixed by the route except for the origin and the method, both of which have a checked alphabet. */
function preflightHeaders(policy: CorsPolicy, origin: string, method: string): readonly string[] {
  const out = ['access-control-allow-origin', origin];
  if (policy.credentials) out.push('access-control-allow-credentials', 'true');
  out.push('access-control-allow-methods', policy.methods ?? method);
  if (policy.headers !== '') out.push('access-control-allow-headers', policy.headers);
  out.push('access-control-max-age', String(policy.maxAgeS));
  // RFC 9110 section 12.5.5: browsers separate preflights, but proxies may not.
  out.push('vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers');
  return out;
}
