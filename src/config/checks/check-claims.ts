/**
 * Claims of files (`owns`): no other file may have a route that could match there, and the file itself may have none outside. A claim is a
 * set of hosts, of paths, or of paths on hosts.
 */

import { rulesIn } from '../../core/policy/access.ts';
import type { Route } from '../../core/routing/route.ts';
import { takerOf } from '../../core/url/common-path.ts';
import { takes } from '../../core/url/param-form.ts';
import { foldCase, ignoresCase } from '../../core/url/path-reading.ts';
import type { Location } from './location.ts';
import { placeFrom, type RuleFile } from './rule-file.ts';

interface Claim {
  readonly file: RuleFile;
  /** Null: every host. */
  readonly hosts: readonly string[] | null;
  /** Segments, decoded; null: every path. */
  readonly paths: readonly (readonly string[])[] | null;
}

/** `places`: of each route, by its index. */
export function checkClaims(
  files: readonly RuleFile[],
  routes: readonly Route[],
  places: readonly { readonly file: RuleFile; readonly at: Location }[],
): void {
  const claims = files.flatMap((file) => claimOf(file) ?? []);
  if (claims.length === 0) return;
  claims.forEach((claim, index) => {
    const rival = claims.slice(0, index).find((earlier) => claimsOverlap(earlier, claim));
    if (rival === undefined) return;
    const where = placeFrom(claim.file, rival.file, rival.file.at.at('owns'));
    const message = `another file claims a part of this (${where})`;
    claim.file.at.at('owns').reportKey(message, 'each part belongs to one file');
  });
  for (const route of routes) {
    const { file, at } = places[route.index]!;
    const match = at.at('match');
    for (const claim of claims) {
      if (claim.file === file) {
        if (isInside(route, claim)) continue;
        match.report('this route is outside of what the file claims', 'widen "owns", or move the route');
      } else if (overlaps(route, claim) && !deniesAll(route)) {
        const where = placeFrom(file, claim.file, claim.file.at.at('owns'));
        match.report(`this route reaches into what another file claims (${where})`, 'move it there, or narrow it');
      }
    }
  }
}

function claimOf(file: RuleFile): Claim | null {
  const { owns } = file;
  if (owns === undefined) return null;
  const { hosts = null, paths } = owns;
  if (hosts === null && paths === undefined) {
    file.at.at('owns').report('expected "hosts", "paths" or both');
    return null;
  }
  return { file, hosts, paths: paths?.map(segmentsOf) ?? null };
}

/** A path that is only "/" has none. */
function segmentsOf(prefix: string): readonly string[] {
  return prefix
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
}

function isInside(route: Route, { hosts, paths }: Claim): boolean {
  const { host, segments } = route.pattern;
  const hostInside = hosts === null || (host !== null && hosts.some((claimed) => coversHost(claimed, host)));
  const begins = (prefix: readonly string[]) =>
    prefix.every((part, i) => {
      const segment = segments[i];
      return segment?.kind === 'literal' && isTaken(route, segment.text, part);
    });
  return hostInside && (paths === null || paths.some(begins));
}

/** Whether some request that the pattern matches is claimed. */
function overlaps(route: Route, { hosts, paths }: Claim): boolean {
  const { host } = route.pattern;
  if (hosts !== null && host !== null && !hosts.some((claimed) => hostsMeet(claimed, host))) return false;
  return paths === null || paths.some((prefix) => reaches(route, prefix));
}

function reaches(route: Route, prefix: readonly string[]): boolean {
  for (const [i, part] of prefix.entries()) {
    const segment = route.pattern.segments[i];
    if (segment === undefined) return false;
    if (segment.kind === 'rest') return true;
    if (segment.kind === 'literal' && !isTaken(route, segment.text, part)) return false;
    const taker = takerOf(segment, ignoresCase(route.reading));
    if (taker !== null && !takes(taker, part)) return false;
  }
  return true;
}

/** Whether a literal of the route matches this text; with `caseSensitive: false`, in any letter case. */
function isTaken({ reading }: Route, literal: string, text: string): boolean {
  return literal === text || (ignoresCase(reading) && foldCase(literal) === foldCase(text));
}

function claimsOverlap(a: Claim, b: Claim): boolean {
  const hosts = a.hosts === null || b.hosts === null || a.hosts.some((x) => b.hosts!.some((y) => hostsMeet(x, y)));
  return hosts && (a.paths === null || b.paths === null || a.paths.some((x) => b.paths!.some((y) => pathsMeet(x, y))));
}

function pathsMeet(a: readonly string[], b: readonly string[]): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  return short.every((part, i) => part === long[i]);
}

function coversHost(claimed: string, host: string): boolean {
  if (!claimed.startsWith('*.')) return claimed === host;
  return host === claimed || host.endsWith(claimed.slice(1));
}

function hostsMeet(a: string, b: string): boolean {
  return coversHost(a, b) || coversHost(b, a);
}

/** A route that denies every request does not conflict with the claim, such as one that closes everything below a path. */
function deniesAll({ access }: Route): boolean {
  return rulesIn(access).every(({ kind }) => kind === 'deny');
}
