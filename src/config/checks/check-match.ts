/** The path side of a route: its pattern, its rewrite and the spellings that it tolerates. */
import type { PathRewrite } from '../../core/forwarding/rewrite-path.ts';
import { Ambiguity } from '../../core/url/ambiguity.ts';
import { compilePattern } from '../../core/url/compile-pattern.ts';
import type { RoutePattern, Segment } from '../../core/url/path-pattern.ts';
import { compilePathReading, type PathReading } from '../../core/url/path-reading.ts';
import type { ConfigFile, Parts, RouteEntry } from '../schema.ts';
import type { Location } from './location.ts';

/** A pattern matches segment by segment; longer ones are a mistake or an attack on the matcher. */
const longestPattern = 2048;
const longestHost = 255;

export function checkPattern(match: Parts<RouteEntry>['match'], at: Location): RoutePattern | null {
  const { host, path } = match ?? {};
  const ofPath = path === undefined ? null : compile(null, path, at.at('path'));
  if (host === undefined) return at.at('host').isWritten ? null : ofPath;
  // Each of the two has a place of its own.
  const ofHost = compile(host, '/', at.at('host'));
  return ofPath === null || ofHost === null || path === undefined ? null : compilePattern(host, path);
}

function compile(host: string | null, path: string, at: Location): RoutePattern | null {
  if (path.length > longestPattern || (host?.length ?? 0) > longestHost) {
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

/** Null: the path stays as it is. */
export function checkRewrite(
  rewrite: Parts<RouteEntry>['rewrite'],
  pattern: RoutePattern | null,
  at: Location,
): PathRewrite | null {
  if (rewrite === undefined) return null;
  const { stripPrefix, addPrefix } = rewrite;
  for (const [key, prefix] of Object.entries({ stripPrefix, addPrefix })) {
    const there = at.at(key);
    if (prefix === '/') there.report('"/" as a prefix changes nothing', 'remove it');
    else if (prefix?.endsWith('/')) {
      there.report('a prefix ends without "/"', `write ${there.quote(prefix.slice(0, -1))}`);
    }
  }
  if (stripPrefix !== undefined && !stripPrefix.endsWith('/') && pattern !== null && !covers(pattern, stripPrefix)) {
    at.at('stripPrefix').report(
      'the path pattern of this route does not start with this prefix',
      '"match.path" starts with literal segments that "stripPrefix" repeats',
    );
  }
  if (at.keys?.length === 0) at.report('expected "stripPrefix" or "addPrefix"');
  if (stripPrefix === undefined && addPrefix === undefined) return null;
  return { stripPrefix: stripPrefix ?? '', addPrefix: addPrefix ?? '' };
}

/** Whether every request of the pattern starts with the prefix. */
function covers(pattern: RoutePattern, prefix: string): boolean {
  const parts = prefix.slice(1).split('/');
  return parts.every((part, index) => {
    const segment = pattern.segments[index];
    return segment?.kind === 'literal' && segment.text === decodeURIComponent(part);
  });
}

export function toleratedBits(path: Parts<RouteEntry>['path']): number {
  let bits = 0;
  if (path?.encodedSlash === 'keep') bits |= Ambiguity.encodedSlash;
  if (path?.semicolon === 'keep') bits |= Ambiguity.semicolon;
  if (path?.doubleEncoding === 'keep') bits |= Ambiguity.doubleEncoding;
  return bits;
}

/** Null: the ordinary reading. */
export function checkReading(path: Parts<RouteEntry>['path'], pattern: RoutePattern, at: Location): PathReading | null {
  if (path === undefined) return null;
  const { encodedSlash = 'reject', caseSensitive = true, mergeSlashes = true } = path;
  if (!caseSensitive && pattern.segments.some(hasTextAround)) {
    const message = 'letter case counts in the text around a parameter, so this route cannot ignore it';
    at.at('caseSensitive').report(message, 'let the parameter take the whole segment, or remove "caseSensitive"');
  }
  return compilePathReading({ encodedSlash, caseSensitive, mergeSlashes }, pattern);
}

function hasTextAround(segment: Segment): boolean {
  return segment.kind === 'param' && segment.form !== null && segment.form.before + segment.form.after !== '';
}

/** One service cannot both read `%2F` as "/" and not: what one route keeps, another would decode. */
export function checkEncodedSlashes(routes: Parts<ConfigFile>['routes'], at: Location): void {
  const seen = new Map<string, { readonly word: string; readonly at: Location }>();
  routes?.forEach((route, index) => {
    const word = route?.path?.encodedSlash;
    if (route?.upstream === undefined || word === undefined || word === 'reject') return;
    const there = at.at(index, 'path', 'encodedSlash');
    const earlier = seen.get(route.upstream);
    if (earlier === undefined) seen.set(route.upstream, { word, at: there });
    else if (earlier.word !== word) {
      const other = `the one of line ${earlier.at.line} says "${earlier.word}" of the same upstream`;
      there.report(`this route says "${word}" and ${other}`, 'a service reads "%2F" in one way');
    }
  });
}
