/**
 * A second matcher, written from the rules alone and as naively as they read: try every route, sort what fits. The
 * compiled tree is compared with it.
 */
export interface PlainRoute {
  /** Lower case, or null. */
  readonly host: string | null;
  /** Segments as written: a word, `{name}`, or `**` at the end. */
  readonly segments: readonly string[];
  readonly methods: readonly string[] | null;
}

/** Index of the route that wins, 405, or 404. */
export type PlainResult = { readonly index: number } | 404 | 405;

export function referenceMatch(routes: readonly PlainRoute[], method: string, host: string, path: string): PlainResult {
  const names = path.split('/').filter((name) => name !== '');
  const fitting = routes
    .map((route, index) => ({ route, index }))
    .filter(({ route }) => hostFits(route.host, host) && segmentsFit(route.segments, names))
    .sort((a, b) => moreSpecific(a.route, b.route));
  const best = fitting[0];
  if (best === undefined) return 404;
  const equals = fitting.filter(({ route }) => moreSpecific(route, best.route) === 0);
  for (const wanted of method === 'HEAD' ? ['HEAD', 'GET'] : [method]) {
    const taker = equals.find(({ route }) => route.methods?.includes(wanted));
    if (taker !== undefined) return { index: taker.index };
  }
  const open = equals.find(({ route }) => route.methods === null);
  return open === undefined ? 405 : { index: open.index };
}

/** Pairs of routes for which some request fits both, and nothing tells which is more specific. */
export function referenceTies(routes: readonly PlainRoute[]): [number, number][] {
  const pairs: [number, number][] = [];
  routes.forEach((a, i) => {
    routes.forEach((b, j) => {
      if (i < j && a.host === b.host && sameShape(a.segments, b.segments) && methodsMeet(a, b)) pairs.push([i, j]);
    });
  });
  return pairs;
}

function hostFits(pattern: string | null, host: string): boolean {
  if (pattern === null) return true;
  if (!pattern.startsWith('*.')) return pattern === host;
  return host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1;
}

function segmentsFit(pattern: readonly string[], names: readonly string[]): boolean {
  const open = pattern.at(-1) === '**';
  const fixed = open ? pattern.slice(0, -1) : pattern;
  if (open ? names.length < fixed.length : names.length !== fixed.length) return false;
  return fixed.every((segment, i) => segment.startsWith('{') || segment === names[i]);
}

/** Negative when `a` is more specific: host first, then segment by segment from the left. */
function moreSpecific(a: PlainRoute, b: PlainRoute): number {
  const byHost = hostRank(b.host) - hostRank(a.host);
  if (byHost !== 0) return byHost;
  const length = Math.max(a.segments.length, b.segments.length);
  for (let i = 0; i < length; i += 1) {
    const bySegment = segmentRank(b.segments[i]) - segmentRank(a.segments[i]);
    if (bySegment !== 0) return bySegment;
  }
  return 0;
}

function hostRank(host: string | null): number {
  if (host === null) return 0;
  return host.startsWith('*') ? host.length : 1_000;
}

/** The end of a pattern is more specific than `**`, which may take nothing. */
function segmentRank(segment: string | undefined): number {
  if (segment === '**') return 0;
  if (segment === undefined) return 1;
  return segment.startsWith('{') ? 2 : 3;
}

function sameShape(a: readonly string[], b: readonly string[]): boolean {
  const shape = (segments: readonly string[]) => segments.map((segment) => (segment.startsWith('{') ? '{}' : segment));
  return shape(a).join('/') === shape(b).join('/');
}

function methodsMeet(a: PlainRoute, b: PlainRoute): boolean {
  if (a.methods === null || b.methods === null) return true;
  return a.methods.some((method) => b.methods?.includes(method));
}
