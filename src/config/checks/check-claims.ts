/**
 * What files claim for themselves (`owns`): no other file has a route that could match there, and the file itself none
 * outside. A claim is a set of hosts, of paths, or of paths on hosts.
 */

import type { Route } from '../../core/routing/route.ts';
import { foldCase } from '../../core/url/path-reading.ts';
import { placeFrom, type RuleFile } from './rule-file.ts';

interface Claim {
  readonly file: RuleFile;
  /** Null: every host. */
  readonly hosts: readonly string[] | null;
  /** Segments, decoded; null: every path. */
  readonly paths: readonly (readonly string[])[] | null;
}

const mostClaimed = 64;

/** `places`: of each route, by its index. */
export function checkClaims(
  files: readonly RuleFile[],
  routes: readonly Route[],
  places: readonly { readonly file: RuleFile; readonly position: number }[],
): void {
  const claims = files.flatMap((file) => claimOf(file) ?? []);
  if (claims.length === 0) return;
  claims.forEach((claim, index) => {
    const rival = claims.slice(0, index).find((earlier) => claimsOverlap(earlier, claim));
    if (rival === undefined) return;
    const where = placeFrom(claim.file, rival.file, ['owns']);
    claim.file.check.atKey(
      ['owns'],
      `a part of this is claimed by another file (${where})`,
      'a part belongs to one file',
    );
  });
  for (const route of routes) {
    const { file, position } = places[route.index]!;
    const path = ['routes', position, 'match'];
    for (const claim of claims) {
      if (claim.file === file) {
        if (isInside(route, claim)) continue;
        file.check.at(path, 'this route lies outside of what the file claims', 'widen "owns", or move the route');
      } else if (overlaps(route, claim) && !deniesAll(route)) {
        const where = placeFrom(file, claim.file, ['owns']);
        file.check.at(
          path,
          `this route reaches into what another file claims (${where})`,
          'move it there, or narrow it',
        );
      }
    }
  }
}

function claimOf(file: RuleFile): Claim | null {
  const { owns, check } = file;
  if (owns === undefined) return null;
  const { hosts, paths } = owns;
  for (const [key, list] of Object.entries({ hosts, paths })) {
    if (list?.length === 0) check.at(['owns', key], 'an empty list claims nothing', 'name one, or remove it');
    if (list !== undefined && list.length > mostClaimed) check.at(['owns', key], `at most ${mostClaimed} entries`);
  }
  if (!check.has(['owns', 'hosts']) && !check.has(['owns', 'paths'])) {
    if (check.keys(['owns'])?.length === 0) check.at(['owns'], 'expected "hosts", "paths" or both');
    return null;
  }
  // With a part that cannot be read, nobody knows what is claimed.
  if ((check.has(['owns', 'hosts']) && hosts === undefined) || (check.has(['owns', 'paths']) && paths === undefined)) {
    return null;
  }
  return {
    file,
    hosts: hosts?.filter((host) => host !== undefined) ?? null,
    paths: paths?.filter((prefix) => prefix !== undefined).map(segmentsOf) ?? null,
  };
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
  }
  return true;
}

/** Whether a literal of the route takes this text; with `caseSensitive: false`, in any letter case. */
function isTaken({ reading }: Route, literal: string, text: string): boolean {
  return literal === text || ((reading?.literals ?? null) !== null && foldCase(literal) === foldCase(text));
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

/** A route that lets nobody in takes nothing from anybody: such as one that closes everything below a path. */
function deniesAll({ access }: Route): boolean {
  const rules = access.every === null ? [...access.byMethod.values()] : [access.every];
  return rules.every(({ kind }) => kind === 'deny');
}
