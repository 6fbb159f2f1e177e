/** Relations between path patterns: which requests two of them share. */
import { commonPath, takerOf } from '../../core/url/common-path.ts';
import { compilePattern } from '../../core/url/compile-pattern.ts';
import { takes } from '../../core/url/param-form.ts';
import { type RoutePattern, type Segment, segmentKey } from '../../core/url/path-pattern.ts';

export type PathPattern = RoutePattern;

/** A pattern that a route can have, or null. */
export function patternOf(host: string | null, path: string): PathPattern | null {
  try {
    return compilePattern(host, path);
  } catch {
    return null;
  }
}

/** A decoded segment as a literal of a path pattern. */
export function literalPath(text: string): string {
  return encodeURIComponent(text).replace(/%(?:40|3A|2B|24|26|2C|3D)/gi, (harmless) => decodeURIComponent(harmless));
}

/** A parameter name that is not in `taken`. */
export function parameterName(text: string, index: number, taken: Set<string>): string {
  const base = text
    .replace(/[^A-Za-z0-9_]/g, '_')
    .replace(/^(?=\d|$)/, '_')
    .slice(0, 50);
  const name = taken.has(base) ? `${base}_${index}` : base;
  taken.add(name);
  return name;
}

export function takesRest({ segments }: PathPattern): boolean {
  return segments.at(-1)?.kind === 'rest';
}

/** Whether a path can match both. */
export function pathsMeet(a: PathPattern, b: PathPattern): boolean {
  return commonPath({ ...a, anyCase: false }, { ...b, anyCase: false }) !== null;
}

/** Whether each path that matches `inner` matches `outer`; false if that is not obvious. */
export function pathContains(outer: PathPattern, inner: PathPattern): boolean {
  for (let i = 0; ; i += 1) {
    const [one, other] = [outer.segments[i], inner.segments[i]];
    if (one?.kind === 'rest') return true;
    if (one === undefined || other === undefined) return one === other;
    if (other.kind === 'rest' || !segmentContains(one, other)) return false;
  }
}

function segmentContains(outer: Segment, inner: Segment): boolean {
  const taker = takerOf(outer, false);
  if (outer.kind === 'param' && taker === null) return true;
  return segmentKey(outer) === segmentKey(inner) || (taker !== null && 'text' in inner && takes(taker, inner.text));
}

/** Equal for two patterns that match the same requests. */
export function keyOf({ host, segments }: PathPattern): string {
  return JSON.stringify([host, ...segments.map(segmentKey)]);
}
