/**
 * Patterns of a route's `match`: host (exact, `*.example.test`, or none) and path (literal segments, `{name}` for one
 * segment, `**` at the end for any rest). Whole segments only, so `/public/**` never covers `/publicx`.
 */
export interface RoutePattern {
  /** In lower case. */
  readonly host: string | null;
  /** As written. */
  readonly path: string;
  readonly segments: readonly Segment[];
  /** Names of `{name}` in order. */
  readonly params: readonly string[];
}

export type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'param'; readonly name: string }
  /** Only as the last one: any number of segments, none included. */
  | { readonly kind: 'rest' };

/**
 * The segment of `path` that a parameter of `pattern` matched, escapes and all; null when the pattern has no such
 * parameter. `path` is canonical and was matched by `pattern`.
 */
export function pathParam(pattern: RoutePattern, path: string, name: string): string | null {
  let start = 1;
  for (const segment of pattern.segments) {
    if (segment.kind === 'rest') return null;
    const slash = path.indexOf('/', start);
    const end = slash < 0 ? path.length : slash;
    if (segment.kind === 'param' && segment.name === name) return path.slice(start, end);
    start = end + 1;
  }
  return null;
}

/** Host first: exact over longer wildcard over shorter over none; then segment by segment from the left. */
export function isMoreSpecific(a: RoutePattern, b: RoutePattern): boolean {
  // Compared, not subtracted: two infinities have no difference.
  const [hostOfA, hostOfB] = [hostRank(a.host), hostRank(b.host)];
  if (hostOfA !== hostOfB) return hostOfA > hostOfB;
  const length = Math.max(a.segments.length, b.segments.length);
  for (let i = 0; i < length; i += 1) {
    const bySegment = segmentRank(a.segments[i]) - segmentRank(b.segments[i]);
    if (bySegment !== 0) return bySegment > 0;
  }
  return false;
}

function hostRank(host: string | null): number {
  if (host === null) return 0;
  return host.startsWith('*') ? host.length : Number.POSITIVE_INFINITY;
}

/** The end of a pattern is more specific than `**`, which may match nothing. */
function segmentRank(segment: Segment | undefined): number {
  if (segment === undefined) return 1;
  return { rest: 0, param: 2, literal: 3 }[segment.kind];
}
