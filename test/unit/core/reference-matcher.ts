/**
 * A second matcher, written naively from the rules: try every route, sort those that fit. The compiled tree is compared
 * with it.
 */
export interface PlainRoute {
  /** Lower case, or null. */
  readonly host: string | null;
  /** Segments as written: a word, a parameter in any form, or `**` at the end. */
  readonly segments: readonly string[];
  readonly methods: readonly string[] | null;
}

/** Index of the winning route, 405, or 404. */
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

/** Pairs of routes that share a request, with neither more specific. `texts`: of every kind. */
export function referenceTies(routes: readonly PlainRoute[], texts: readonly string[] = []): [number, number][] {
  const pairs: [number, number][] = [];
  routes.forEach((a, i) => {
    routes.forEach((b, j) => {
      if (i < j && a.host === b.host && meetEqually(a, b, texts)) pairs.push([i, j]);
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
  return fixed.every((segment, i) =>
    segment.includes('{') ? partsOf(segment).takes.test(names[i]!) : segment === names[i],
  );
}

const shapes: Readonly<Record<string, string>> = {
  int: '(?:0|[1-9][0-9]{0,14})',
  slug: '[a-z0-9]+(?:-[a-z0-9]+)*',
};

/** `key`: equal for equal texts. `rank`: higher is more specific. */
function partsOf(segment: string): { readonly takes: RegExp; readonly rank: number; readonly key: string } {
  const [, before = '', shape, after = ''] = /^(.*)\{\w+(?::(.*))?\}(.*)$/.exec(segment)!;
  const inner = shape === undefined ? '.+' : (shapes[shape] ?? shape);
  const quoted = (text: string) => text.replace('.', '\\.');
  const rank = [undefined, 'slug', 'int'].indexOf(shape);
  return {
    takes: new RegExp(`^${quoted(before)}${inner}${quoted(after)}$`),
    rank: 2 + (before.length + after.length) * 10 + (rank < 0 ? 4 : rank),
    key: `${before}{${shape}}${after}`,
  };
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

/** The end of a pattern is more specific than `**`, which may match nothing. */
function segmentRank(segment: string | undefined): number {
  if (segment === '**') return 0;
  if (segment === undefined) return 1;
  return segment.includes('{') ? partsOf(segment).rank : 1_000;
}

/** Some path fits both, and the first differing segments have the same rank. */
function meetEqually(a: PlainRoute, b: PlainRoute, texts: readonly string[]): boolean {
  const length = Math.max(a.segments.length, b.segments.length);
  let unlike = false;
  for (let i = 0; i < length && !unlike; i += 1) {
    const [one, other] = [a.segments[i], b.segments[i]];
    if (segmentRank(one) !== segmentRank(other)) return false;
    unlike = keyOf(one) !== keyOf(other);
  }
  if (!unlike) return methodsMeet(a, b);
  return pathsFrom(a, b, texts);
}

function keyOf(segment: string | undefined): string {
  return segment?.includes('{') ? partsOf(segment).key : `${segment}`;
}

function pathsFrom(a: PlainRoute, b: PlainRoute, texts: readonly string[]): boolean {
  for (let i = 0; ; i += 1) {
    const [one, other] = [a.segments[i], b.segments[i]];
    if (one === '**' || other === '**') return true;
    if (one === undefined || other === undefined) return one === other;
    if (!texts.some((text) => segmentsFit([one], [text]) && segmentsFit([other], [text]))) return false;
  }
}

function methodsMeet(a: PlainRoute, b: PlainRoute): boolean {
  if (a.methods === null || b.methods === null) return true;
  return a.methods.some((method) => b.methods?.includes(method));
}
