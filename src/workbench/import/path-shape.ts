/**
 * Requests as other tools describe them, against what a route can match. A shape may hold segments of which only the
 * beginning and the end are known; then it stands for no less than what the source means.
 */
import { compilePattern } from '../../core/url/compile-pattern.ts';
import type { RoutePattern, Segment } from '../../core/url/path-pattern.ts';

export type PathPattern = RoutePattern;

export type ShapeSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'param' }
  /** Some of the segments that begin and end like this. */
  | { readonly kind: 'some'; readonly prefix: string; readonly suffix: string };

export interface PathShape {
  /** Null: any host, or one that is not known. */
  readonly host: string | null;
  readonly segments: readonly ShapeSegment[];
  /** Whether anything may follow. */
  readonly rest: boolean;
}

/** A pattern that a route can have; null when it cannot. */
export function patternOf(host: string | null, path: string): PathPattern | null {
  try {
    return compilePattern(host, path);
  } catch {
    return null;
  }
}

export function shapeOf(pattern: PathPattern): PathShape {
  return {
    host: pattern.host,
    segments: pattern.segments.flatMap((segment): ShapeSegment[] =>
      segment.kind === 'rest' ? [] : [segment.kind === 'param' ? { kind: 'param' } : segment],
    ),
    rest: takesRest(pattern),
  };
}

/** Whether a request can be in both; `anyCase`: letter case does not count. */
export function mayMeet(shape: PathShape, pattern: PathPattern, anyCase: boolean): boolean {
  if (!hostsMeet(shape.host, pattern.host)) return false;
  const own = pattern.segments.filter(({ kind }) => kind !== 'rest');
  for (let i = 0; ; i += 1) {
    const [a, b] = [shape.segments[i], own[i]];
    if (a === undefined) return b === undefined || shape.rest;
    if (b === undefined) return takesRest(pattern);
    if (!segmentsMeet(a, b, anyCase)) return false;
  }
}

/** Whether every request of `inner` is one of `outer`. */
export function contains(outer: PathPattern, inner: PathPattern): boolean {
  if (outer.host !== null && outer.host !== inner.host && !isBelow(inner.host, outer.host)) return false;
  const [a, b] = [outer.segments, inner.segments];
  for (let i = 0; ; i += 1) {
    const [one, other] = [a[i], b[i]];
    if (one?.kind === 'rest') return true;
    if (one === undefined || other === undefined) return one === other;
    if (other.kind === 'rest') return false;
    if (one.kind === 'literal' && (other.kind !== 'literal' || other.text !== one.text)) return false;
  }
}

/** The requests of both as one pattern; null: there are none. */
export function intersection(a: PathPattern, b: PathPattern): PathPattern | null {
  if (!hostsMeet(a.host, b.host)) return null;
  const host = a.host === null || isBelow(b.host, a.host) ? b.host : a.host;
  const segments: Segment[] = [];
  for (let i = 0; ; i += 1) {
    const [one, other] = [a.segments[i], b.segments[i]];
    if (one?.kind === 'rest' || other?.kind === 'rest') {
      const [longer, from] = one?.kind === 'rest' ? [b, other] : [a, one];
      if (from !== undefined) segments.push(...longer.segments.slice(i));
      break;
    }
    if (one === undefined && other === undefined) break;
    if (one === undefined || other === undefined) return null;
    if (one.kind === 'literal' && other.kind === 'literal' && one.text !== other.text) return null;
    segments.push(one.kind === 'literal' ? one : other);
  }
  return patternOf(host, pathOf(segments));
}

/** Two patterns with the same requests have the same key. */
export function keyOf({ host, segments }: PathPattern): string {
  const parts = segments.map((segment) => (segment.kind === 'literal' ? `=${segment.text}` : segment.kind));
  return JSON.stringify([host, ...parts]);
}

/** A literal for a path pattern. */
export function literalPath(text: string): string {
  return encodeURIComponent(text).replace(/%(?:40|3A|2B|24|26|2C|3D)/gi, (harmless) => decodeURIComponent(harmless));
}

function pathOf(segments: readonly Segment[]): string {
  let number = 0;
  const names = new Set<string>();
  const parts = segments.map((segment) => {
    if (segment.kind === 'literal') return literalPath(segment.text);
    if (segment.kind === 'rest') return '**';
    let { name } = segment;
    while (names.has(name)) {
      number += 1;
      name = `part${number}`;
    }
    names.add(name);
    return `{${name}}`;
  });
  return `/${parts.join('/')}`;
}

function takesRest({ segments }: PathPattern): boolean {
  return segments.at(-1)?.kind === 'rest';
}

function segmentsMeet(a: ShapeSegment, b: Segment, anyCase: boolean): boolean {
  if (a.kind === 'param' || b.kind !== 'literal') return true;
  const fold = (text: string) => (anyCase ? text.toLowerCase() : text);
  const text = fold(b.text);
  if (a.kind === 'literal') return fold(a.text) === text;
  return text.startsWith(fold(a.prefix)) && text.endsWith(fold(a.suffix));
}

function hostsMeet(a: string | null, b: string | null): boolean {
  return a === null || b === null || a === b || isBelow(a, b) || isBelow(b, a);
}

/** Whether each host of `inner` fits the wildcard `outer`. */
function isBelow(inner: string | null, outer: string | null): boolean {
  if (inner === null || outer === null || !outer.startsWith('*.')) return false;
  const suffix = outer.slice(1);
  return inner.startsWith('*.')
    ? inner.slice(1).endsWith(suffix)
    : inner.endsWith(suffix) && inner.length > suffix.length;
}
