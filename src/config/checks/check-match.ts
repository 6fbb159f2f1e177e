/** The path side of a route: its pattern, its rewrite and the spellings that it tolerates. */
import type { PathRewrite } from '../../core/forwarding/rewrite-path.ts';
import { Ambiguity } from '../../core/url/ambiguity.ts';
import { compilePattern } from '../../core/url/compile-pattern.ts';
import type { RoutePattern, Segment } from '../../core/url/path-pattern.ts';
import { compilePathReading, type PathReading } from '../../core/url/path-reading.ts';
import type { ConfigFile, RouteEntry } from '../schema.ts';
import type { Location } from './location.ts';

/** A pattern matches segment by segment; longer ones are a mistake or an attack on the matcher. */
const maxPattern = 2048;
const maxHost = 255;

/** One for every host and path, starting with the first of both; null if one of them has a problem. */
export function checkPatterns(match: RouteEntry['match'], at: Location): readonly RoutePattern[] | null {
  // Each text has its own position.
  const hosts = textsOf(match, 'host', at).map(({ text, at: there }) => compilePart(text, '/', there));
  const paths = textsOf(match, 'path', at).map(({ text, at: there }) => compilePart(null, text, there));
  if (paths.includes(null) || hosts.includes(null)) return null;
  const ofHosts = hosts.length === 0 ? [null] : hosts.map((pattern) => pattern!.host);
  return paths.flatMap((pattern) => ofHosts.map((host) => ({ ...pattern!, host })));
}

function textsOf(match: RouteEntry['match'], key: 'host' | 'path', at: Location) {
  const { [key]: one, [`${key}s` as const]: several } = match;
  if (several !== undefined) return several.map((text, index) => ({ text, at: at.at(`${key}s`, index) }));
  return one === undefined ? [] : [{ text: one, at: at.at(key) }];
}

export function compilePart(host: string | null, path: string, at: Location): RoutePattern | null {
  if (path.length > maxPattern || (host?.length ?? 0) > maxHost) {
    at.report('this pattern is too long');
    return null;
  }
  try {
    return compilePattern(host, path);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    at.report(at.isOwn ? error.message : 'this value is not a valid pattern');
    return null;
  }
}

/** Null: the path is unchanged. */
export function compileRewrite(rewrite: RouteEntry['rewrite']): PathRewrite | null {
  return rewrite === undefined ? null : { stripPrefix: rewrite.stripPrefix ?? '', addPrefix: rewrite.addPrefix ?? '' };
}

export function checkRewrite(rewrite: RouteEntry['rewrite'], patterns: readonly RoutePattern[], at: Location): void {
  if (rewrite === undefined) return;
  const { stripPrefix, addPrefix } = rewrite;
  for (const [key, prefix] of Object.entries({ stripPrefix, addPrefix })) {
    const there = at.at(key);
    if (prefix === '/') there.report('"/" as a prefix changes nothing', 'remove it');
    else if (prefix?.endsWith('/')) {
      there.report('a prefix ends without "/"', `write ${there.quote(prefix.slice(0, -1))}`);
    }
  }
  if (
    stripPrefix !== undefined &&
    !stripPrefix.endsWith('/') &&
    !patterns.every((pattern) => covers(pattern, stripPrefix))
  ) {
    at.at('stripPrefix').report(
      'the path pattern of this route does not start with this prefix',
      '"match.path" starts with literal segments that "stripPrefix" repeats',
    );
  }
  if (stripPrefix === undefined && addPrefix === undefined) at.report('expected "stripPrefix" or "addPrefix"');
}

/** Whether every request of the pattern starts with the prefix. */
function covers(pattern: RoutePattern, prefix: string): boolean {
  const parts = prefix.slice(1).split('/');
  return parts.every((part, index) => {
    const segment = pattern.segments[index];
    return segment?.kind === 'literal' && segment.text === decodeURIComponent(part);
  });
}

export function toleratedBits(path: RouteEntry['path']): number {
  let bits = 0;
  if (path.encodedSlash === 'keep') bits |= Ambiguity.encodedSlash;
  if (path.semicolon === 'keep') bits |= Ambiguity.semicolon;
  if (path.doubleEncoding === 'keep') bits |= Ambiguity.doubleEncoding;
  return bits;
}

/** Whether the service can read its paths so. */
export function checkReading(path: RouteEntry['path'], patterns: readonly RoutePattern[], at: Location): void {
  if (path.caseSensitive !== false || !patterns.some(({ segments }) => segments.some(hasTextAround))) return;
  const message = 'letter case matters in the text around a parameter, so this route cannot ignore it';
  at.at('caseSensitive').report(message, 'make the parameter a whole segment, or remove "caseSensitive"');
}

/** Null: the ordinary reading. */
export function readingOf(path: RouteEntry['path'], pattern: RoutePattern): PathReading | null {
  const { encodedSlash, caseSensitive = null, mergeSlashes } = path;
  return compilePathReading({ encodedSlash, caseSensitive, mergeSlashes }, pattern);
}

function hasTextAround(segment: Segment): boolean {
  return segment.kind === 'param' && segment.form !== null && segment.form.before + segment.form.after !== '';
}

/** One service cannot both decode `%2F` and keep it: one route would decode what another keeps. */
export function checkEncodedSlashes(routes: ConfigFile['routes'], at: Location): void {
  const seen = new Map<string, { readonly word: string; readonly at: Location }>();
  routes.forEach(({ upstream, path: { encodedSlash: word } }, index) => {
    if (upstream === undefined || word === 'reject') return;
    const there = at.at(index, 'path', 'encodedSlash');
    const earlier = seen.get(upstream);
    if (earlier === undefined) seen.set(upstream, { word, at: there });
    else if (earlier.word !== word) {
      const other = `the one in line ${earlier.at.line} sets "${earlier.word}" for the same upstream`;
      there.report(`this route sets "${word}" and ${other}`, 'a service reads "%2F" in one way');
    }
  });
}
