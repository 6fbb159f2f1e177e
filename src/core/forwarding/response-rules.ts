/** How a route changes response headers: security headers, its own headers, and headers that it removes. */
import { appendCorsHeaders, type CorsPolicy } from './cors.ts';

export interface ResponseRules {
  /** By name in lower case: -1 removes the service's; from 0 on, the position in `added` that the service's replaces. */
  readonly names: ReadonlyMap<string, number>;
  /** Headers of every response, unless the service sends one that may replace it. */
  readonly added: readonly (readonly [name: string, value: string])[];
  /** Alternating names and values, for our own refusals. */
  readonly refusals: readonly string[];
}

export type SecurityLevel = 'off' | 'basic' | 'strict';

export interface ResponseRulesSource {
  readonly security: SecurityLevel;
  readonly set: ReadonlyMap<string, string>;
  readonly remove: readonly string[];
}

/** Sent unless the service sends the header itself, because it may know better. */
const securityHeaders: Readonly<Record<SecurityLevel, readonly (readonly [string, string])[]>> = {
  off: [],
  basic: [
    // Fetch standard, section 3.5: scripts and styles only by their own type.
    ['x-content-type-options', 'nosniff'],
    ['x-frame-options', 'SAMEORIGIN'],
    ['referrer-policy', 'strict-origin-when-cross-origin'],
  ],
  strict: [
    ['x-content-type-options', 'nosniff'],
    ['x-frame-options', 'DENY'],
    ['referrer-policy', 'no-referrer'],
    // RFC 6797 section 6.1; browsers obey it only over TLS.
    ['strict-transport-security', 'max-age=31536000'],
    ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
    ['cross-origin-opener-policy', 'same-origin'],
    ['x-permitted-cross-domain-policies', 'none'],
  ],
};

/** Headers that our refusals set themselves. */
const ofRefusals: ReadonlySet<string> = new Set(['cache-control', 'vary']);

/** Null if nothing is added or removed. */
export function compileResponseRules(source: ResponseRulesSource): ResponseRules | null {
  const names = new Map<string, number>([...source.remove, ...source.set.keys()].map((name) => [name, -1]));
  // The route's own settings take precedence. Security headers come first, so that their bits fit into a number.
  const added = [...securityHeaders[source.security].filter(([name]) => !names.has(name)), ...source.set];
  added.forEach(([name], position) => {
    if (!names.has(name)) names.set(name, position);
  });
  if (names.size === 0) return null;
  return { names, added, refusals: added.filter(([name]) => !ofRefusals.has(name)).flat() };
}

/** Appends the headers that the service has not sent; `said` has a bit for each position that it has sent. */
export function appendAdded(out: string[], { added }: ResponseRules, said: number): void {
  added.forEach(([name, value], position) => {
    if (position > 30 || (said & (1 << position)) === 0) out.push(name, value);
  });
}

/** The settings of a route for the headers of responses. */
export interface ResponseSettings {
  /** Null: the route has no such settings. */
  readonly response: ResponseRules | null;
  /** Null: pages of other origins may not use the route. */
  readonly cors: CorsPolicy | null;
}

/**
 * Headers that a route adds to our own refusals, so that pages of allowed origins can read them: alternating names and values. Empty
 * without a route, such as for an unmatched path.
 */
export function refusalHeadersOf(route: ResponseSettings | null, rawHeaders: readonly string[]): readonly string[] {
  if (route === null) return [];
  const out = route.response === null ? [] : [...route.response.refusals];
  if (route.cors !== null) appendCorsHeaders(out, route.cors, rawHeaders);
  return out;
}
