/** Which of two patterns is the more specific one, by the order in which routes are tried (`compile-routes.ts`). */
import type { RoutePattern, Segment } from './path-pattern.ts';

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

/** The end of a pattern is more specific than `**`, which may take nothing. */
function segmentRank(segment: Segment | undefined): number {
  if (segment === undefined) return 1;
  return { rest: 0, param: 2, literal: 3 }[segment.kind];
}
