/** Relations between path patterns: which requests two of them share. */
import { compilePattern } from '../../core/url/compile-pattern.ts';
import type { RoutePattern } from '../../core/url/path-pattern.ts';

export type PathPattern = RoutePattern;

/** A pattern that a route can have; null when it cannot. */
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

/** A name for a parameter, unlike those that are `taken`. */
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

/** Whether a path can fit both. */
export function pathsMeet(a: PathPattern, b: PathPattern): boolean {
  for (let i = 0; ; i += 1) {
    const [one, other] = [a.segments[i], b.segments[i]];
    if (one?.kind === 'rest' || other?.kind === 'rest') return true;
    if (one === undefined || other === undefined) return one === other;
    if (one.kind === 'literal' && other.kind === 'literal' && one.text !== other.text) return false;
  }
}

/** Whether each path that fits `inner` fits `outer`. */
export function pathContains(outer: PathPattern, inner: PathPattern): boolean {
  for (let i = 0; ; i += 1) {
    const [one, other] = [outer.segments[i], inner.segments[i]];
    if (one?.kind === 'rest') return true;
    if (one === undefined || other === undefined) return one === other;
    if (other.kind === 'rest') return false;
    if (one.kind === 'literal' && (other.kind !== 'literal' || other.text !== one.text)) return false;
  }
}

/** Two patterns with the same requests have the same key. */
export function keyOf({ host, segments }: PathPattern): string {
  const parts = segments.map((segment) => (segment.kind === 'literal' ? `=${segment.text}` : segment.kind));
  return JSON.stringify([host, ...parts]);
}
