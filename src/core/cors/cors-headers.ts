/** CORS headers of answers that are no preflights: the service's and our refusals alike, so that pages can read both. */
import { allowedOrigin, type CorsPolicy } from './cors-policy.ts';

/**
 * Appends names and values in turn. `Vary: Origin` comes with every answer of the route, refusals and requests without
 * an origin included: a cache must not give one origin's answer to another (Fetch standard, "CORS protocol and HTTP
 * caches").
 */
export function appendCorsHeaders(out: string[], policy: CorsPolicy, rawHeaders: readonly string[]): void {
  if (!policy.anyOrigin) out.push('vary', 'Origin');
  const origin = originOf(rawHeaders);
  const allowed = origin === null ? null : allowedOrigin(policy, origin);
  if (allowed === null) return;
  out.push('access-control-allow-origin', allowed);
  if (policy.credentials) out.push('access-control-allow-credentials', 'true');
  out.push('access-control-expose-headers', policy.exposed);
}

/** The one `Origin` (RFC 6454 section 7); null when there is none or more than one. */
export function originOf(rawHeaders: readonly string[]): string | null {
  let origin: string | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length !== 6 || rawHeaders[i]!.toLowerCase() !== 'origin') continue;
    if (origin !== null) return null;
    origin = rawHeaders[i + 1]!;
  }
  return origin;
}
