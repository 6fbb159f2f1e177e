/** The path side of a route: its pattern, its rewrite and the spellings that it tolerates. */

import type { PathRewrite } from '../../core/forwarding/rewrite-path.ts';
import { Ambiguity } from '../../core/url/ambiguity.ts';
import { compilePattern } from '../../core/url/compile-pattern.ts';
import type { RoutePattern } from '../../core/url/path-pattern.ts';
import { compilePathReading, type PathReading } from '../../core/url/path-reading.ts';
import type { ConfigFile, Parts, RouteEntry } from '../schema.ts';
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';

/** A pattern matches segment by segment; longer ones are a mistake or an attack on the matcher. */
const longestPattern = 2048;
const longestHost = 255;

/** `route`: where the route stands. */
export function checkPattern(match: Parts<RouteEntry>['match'], route: Path, check: Check): RoutePattern | null {
  const { host, path: pathPattern } = match ?? {};
  if (host !== undefined && pathPattern !== undefined && host.length <= longestHost) {
    const whole = pathPattern.length <= longestPattern ? compilePatternOrNull(host, pathPattern) : null;
    if (whole !== null) return whole;
  }
  const path = [...route, 'match'];
  // One of the two is missing or has a problem, and each has a place of its own.
  if (host !== undefined) compile(host, '/', [...path, 'host'], check);
  if (pathPattern === undefined) return null;
  const compiled = compile(null, pathPattern, [...path, 'path'], check);
  return host === undefined && !check.has([...path, 'host']) ? compiled : null;
}

function compile(host: string | null, pathPattern: string, path: Path, check: Check): RoutePattern | null {
  if (pathPattern.length > longestPattern || (host?.length ?? 0) > longestHost) {
    check.at(path, 'this pattern is too long');
    return null;
  }
  try {
    return compilePattern(host, pathPattern);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    check.at(path, check.isOwn(path) ? error.message : 'this value is not a valid pattern');
    return null;
  }
}

function compilePatternOrNull(host: string, pathPattern: string): RoutePattern | null {
  try {
    return compilePattern(host, pathPattern);
  } catch {
    return null;
  }
}

/** Null: the path stays as it is. `route`: where the route stands. */
export function checkRewrite(
  rewrite: Parts<RouteEntry>['rewrite'],
  pattern: RoutePattern | null,
  route: Path,
  check: Check,
): PathRewrite | null {
  if (rewrite === undefined) return null;
  const path = [...route, 'rewrite'];
  const { stripPrefix, addPrefix } = rewrite;
  for (const [key, prefix] of Object.entries({ stripPrefix, addPrefix })) {
    if (prefix === undefined || !prefix.endsWith('/')) continue;
    const message = prefix === '/' ? '"/" as a prefix changes nothing' : 'a prefix ends without "/"';
    const at = [...path, key];
    check.at(at, message, prefix === '/' ? 'remove it' : `write ${check.quote(at, prefix.slice(0, -1))}`);
  }
  if (stripPrefix !== undefined && !stripPrefix.endsWith('/') && pattern !== null && !covers(pattern, stripPrefix)) {
    check.at(
      [...path, 'stripPrefix'],
      'the path pattern of this route does not start with this prefix',
      `"match.path" starts with literal segments that "stripPrefix" repeats`,
    );
  }
  if (stripPrefix === undefined && addPrefix === undefined) {
    if (check.keys(path)?.length === 0) check.at(path, 'expected "stripPrefix" or "addPrefix"');
    return null;
  }
  return { stripPrefix: stripPrefix ?? '', addPrefix: addPrefix ?? '' };
}

/** Whether every request of the pattern starts with the prefix. */
function covers(pattern: RoutePattern, prefix: string): boolean {
  return prefix
    .slice(1)
    .split('/')
    .every((part, index) => {
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
export function checkReading(path: Parts<RouteEntry>['path'], pattern: RoutePattern): PathReading | null {
  if (path === undefined) return null;
  const { encodedSlash = 'reject', caseSensitive = true, mergeSlashes = true } = path;
  return compilePathReading({ encodedSlash, caseSensitive, mergeSlashes }, pattern);
}

/** One service cannot both read `%2F` as "/" and not: what one route keeps, another would decode. */
export function checkEncodedSlashes(routes: Parts<ConfigFile>['routes'], check: Check): void {
  const seen = new Map<string, { readonly word: string; readonly index: number }>();
  routes?.forEach((route, index) => {
    const word = route?.path?.encodedSlash;
    if (route?.upstream === undefined || word === undefined || word === 'reject') return;
    const earlier = seen.get(route.upstream);
    if (earlier === undefined) seen.set(route.upstream, { word, index });
    else if (earlier.word !== word) {
      const line = check.lineOf(['routes', earlier.index, 'path', 'encodedSlash']);
      const message = `this route says "${word}" and the one of line ${line} says "${earlier.word}" of the same upstream`;
      check.at(['routes', index, 'path', 'encodedSlash'], message, 'a service reads "%2F" in one way');
    }
  });
}
