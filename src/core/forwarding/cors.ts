/** Which pages of other origins may use a route from a browser (Fetch standard, section 3.3; RFC 6454 for origins). */
import { isNamed } from '../syntax/header-fields.ts';

export interface CorsPolicy {
  /** Any origin; never together with credentials. */
  readonly anyOrigin: boolean;
  /** Serialized as browsers send them: `https://app.example.test`, lower case, no default port. */
  readonly origins: ReadonlySet<string>;
  /** `https://*.example.test` in its three parts; never together with credentials. */
  readonly wildcards: readonly OriginWildcard[];
  /** Null: the requested method, because the route has a rule for it. */
  readonly methods: string | null;
  /** Headers that a page may send, as one list. */
  readonly headers: string;
  /** Headers that a page may read besides the default ones, as one list: at least `x-error` and `x-error-id`. */
  readonly exposed: string;
  readonly credentials: boolean;
  readonly maxAgeS: number;
}

export interface OriginWildcard {
  /** Such as `https://`. */
  readonly scheme: string;
  /** Such as `.example.test`, or `.example.test:8443`. */
  readonly suffix: string;
}

/** As the configuration has it, checked. */
export interface CorsSource {
  readonly origins: readonly string[];
  readonly methods: readonly string[] | null;
  readonly headers: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly credentials: boolean;
  readonly maxAgeMs: number;
}

export function compileCors(source: CorsSource): CorsPolicy {
  const wildcards = source.origins.filter((origin) => origin.includes('://*.'));
  return {
    anyOrigin: source.origins.includes('*'),
    origins: new Set(source.origins.filter((origin) => !origin.includes('*'))),
    wildcards: wildcards.map((origin) => ({
      scheme: origin.slice(0, origin.indexOf('*')),
      suffix: origin.slice(origin.indexOf('*') + 1),
    })),
    methods: source.methods === null ? null : source.methods.join(', '),
    headers: source.headers.join(', '),
    exposed: [...new Set(['x-error', 'x-error-id', ...source.exposeHeaders])].join(', '),
    credentials: source.credentials,
    maxAgeS: Math.floor(source.maxAgeMs / 1000),
  };
}

/** Labels before a wildcard's suffix: lower case, as browsers serialize hosts, and no longer than a name may be. */
const labels = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?){0,8}$/;

/**
 * The value of `Access-Control-Allow-Origin` for a request from this origin, or null if it is not allowed. Compared exactly. `null`, which
 * sandboxed pages and local files share, cannot be configured.
 */
export function allowedOrigin(policy: CorsPolicy, origin: string): string | null {
  if (policy.anyOrigin) return '*';
  if (policy.origins.has(origin)) return origin;
  for (const { scheme, suffix } of policy.wildcards) {
    if (origin.length > 253 || !origin.startsWith(scheme) || !origin.endsWith(suffix)) continue;
    if (labels.test(origin.slice(scheme.length, -suffix.length))) return origin;
  }
  return null;
}

/**
 * Appends the CORS headers of a response other than a preflight, ours or the service's: alternating names and values. Every response of the
 * route has `Vary: Origin`, even without an origin in the request: a cache must not give one origin's response to another (Fetch standard,
 * "CORS protocol and HTTP caches").
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

/** The one `Origin` (RFC 6454 section 7); null if it is missing or repeated. */
export function originOf(rawHeaders: readonly string[]): string | null {
  let origin: string | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (!isNamed(rawHeaders[i]!, 'origin')) continue;
    if (origin !== null) return null;
    origin = rawHeaders[i + 1]!;
  }
  return origin;
}
