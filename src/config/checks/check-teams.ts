/**
 * Teams: what the main file delegates to files of others. A team has hosts, paths, or paths on hosts: no other file may have a route that
 * could match there, and its files may have none outside. Its routes may lead only to its upstreams, give access only to its roles, and
 * contain only what loosens nothing or what the team may use.
 */
import { basename } from 'node:path';
import { type AccessSource, rulesIn } from '../../core/policy/access.ts';
import { type RoleExpression, rolesIn } from '../../core/policy/role-expression.ts';
import type { Route } from '../../core/routing/route.ts';
import { takerOf } from '../../core/url/common-path.ts';
import { takes } from '../../core/url/param-form.ts';
import { foldCase, ignoresCase } from '../../core/url/path-reading.ts';
import { delegatedKeys } from '../schema/teams.ts';
import type { RouteEntry } from '../schema.ts';
import type { Location } from './location.ts';
import type { RuleFile, Team } from './rule-file.ts';

interface Area {
  readonly team: Team;
  /** Null: every host. */
  readonly hosts: readonly string[] | null;
  /** Segments, decoded; null: every path. */
  readonly paths: readonly (readonly string[])[] | null;
}

/** Names that the main file declares. */
interface Declared {
  readonly upstreams: ReadonlySet<string>;
  readonly roles: ReadonlySet<string>;
}

/** The teams against each other, and against all routes. `places`: of each route, by its index. */
export function checkTeams(
  teams: readonly Team[],
  routes: readonly Route[],
  places: readonly { readonly file: RuleFile; readonly at: Location }[],
  declared: Declared,
): void {
  const areas = teams.map(areaOf);
  for (const [index, area] of areas.entries()) {
    checkNames(area.team, declared);
    const rival = areas.slice(0, index).find((earlier) => areasOverlap(earlier, area));
    if (rival === undefined) continue;
    const { name, at } = rival.team;
    area.team.at.reportKey(`the team "${name}" has a part of this (line ${at.line})`, 'each part belongs to one team');
  }
  for (const route of routes) {
    const { file, at } = places[route.index]!;
    const match = at.at('match');
    for (const area of areas) {
      const { name } = area.team;
      if (file.team?.name === name) {
        if (isInside(route, area)) continue;
        const hint = `move the route, or widen "hosts" or "paths" of the team (${placeOf(area.team)})`;
        match.report(`this route is outside of what the team "${name}" has`, hint);
      } else if (overlaps(route, area) && !deniesAll(route)) {
        const hint = 'move it to a file of the team, or narrow it';
        match.report(`this route reaches into what the team "${name}" has (${placeOf(area.team)})`, hint);
      }
    }
  }
}

/** One route of a team. `rules`: its own, or those of `defaults`. */
export function checkTeamRoute(entry: RouteEntry, rules: readonly AccessSource[], team: Team, at: Location): void {
  const { name, upstreams, roles, may } = team;
  const lacks = (place: Location, what: string, list: 'may' | 'upstreams' | 'roles', value: string, ofKey = false) => {
    const hint = `add ${place.quote(value)} to "teams.${name}.${list}" (${placeOf(team)})`;
    if (ofKey) place.reportKey(`the team "${name}" may not ${what}`, hint);
    else place.report(`the team "${name}" may not ${what}`, hint);
  };
  for (const key of at.keys ?? []) {
    if (delegatedKeys.includes(key) && !may.includes(key)) lacks(at.at(key), `use the key "${key}"`, 'may', key, true);
  }
  const access = entry.access === undefined ? at : at.at('access');
  if (!may.includes('public') && rules.some((rule) => rule === 'public' || rule === 'optional'))
    lacks(access, 'let requests through without a credential', 'may', 'public');
  const { upstream } = entry;
  if (upstream !== undefined && !upstreams.includes(upstream))
    lacks(at.at('upstream'), `lead to the upstream ${at.at('upstream').quote(upstream)}`, 'upstreams', upstream);
  const exempt = (entry.when ?? []).flatMap((one) => (typeof one === 'string' ? [] : (one.unless ?? [])));
  const where = new Map([
    ...exempt.map((role) => [role, at.at('when')] as const),
    ...rolesOf(rules).map((role) => [role, access] as const),
  ]);
  for (const [role, place] of where) {
    if (!roles.includes(role)) lacks(place, `give access to the role ${place.quote(role)}`, 'roles', role);
  }
}

function rolesOf(rules: readonly AccessSource[]): readonly string[] {
  return rules.flatMap((rule) => {
    if (typeof rule === 'string') return [];
    return rolesIn(Array.isArray(rule) ? { any: rule } : (rule as RoleExpression), 'wanted');
  });
}

function checkNames({ at, upstreams, roles }: Team, declared: Declared): void {
  for (const [list, entries] of [
    ['upstreams', upstreams],
    ['roles', roles],
  ] as const) {
    entries.forEach((entry, index) => {
      const place = at.at(list, index);
      if (!declared[list].has(entry))
        place.report(`${place.quote(entry)} is not declared under "${list}"`, place.nearest(entry, declared[list]));
    });
  }
}

/** Of the main file. */
function placeOf({ at, mainFile }: Team): string {
  return `${basename(mainFile)} line ${at.line}`;
}

function areaOf(team: Team): Area {
  return { team, hosts: team.hosts ?? null, paths: team.paths?.map(segmentsOf) ?? null };
}

/** A path that is only "/" has none. */
function segmentsOf(prefix: string): readonly string[] {
  return prefix
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
}

function isInside(route: Route, { hosts, paths }: Area): boolean {
  const { host, segments } = route.pattern;
  const hostInside = hosts === null || (host !== null && hosts.some((own) => coversHost(own, host)));
  const begins = (prefix: readonly string[]) =>
    prefix.every((part, i) => {
      const segment = segments[i];
      return segment?.kind === 'literal' && isTaken(route, segment.text, part);
    });
  return hostInside && (paths === null || paths.some(begins));
}

/** Whether some request that the pattern matches belongs to the area. */
function overlaps(route: Route, { hosts, paths }: Area): boolean {
  const { host } = route.pattern;
  if (hosts !== null && host !== null && !hosts.some((own) => hostsMeet(own, host))) return false;
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

function areasOverlap(a: Area, b: Area): boolean {
  const hosts = a.hosts === null || b.hosts === null || a.hosts.some((x) => b.hosts!.some((y) => hostsMeet(x, y)));
  return hosts && (a.paths === null || b.paths === null || a.paths.some((x) => b.paths!.some((y) => pathsMeet(x, y))));
}

function pathsMeet(a: readonly string[], b: readonly string[]): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  return short.every((part, i) => part === long[i]);
}

export function coversHost(own: string, host: string): boolean {
  if (!own.startsWith('*.')) return own === host;
  return host === own || host.endsWith(own.slice(1));
}

function hostsMeet(a: string, b: string): boolean {
  return coversHost(a, b) || coversHost(b, a);
}

/** A route that denies every request does not conflict with a team, such as one that closes everything below a path. */
function deniesAll({ access }: Route): boolean {
  return rulesIn(access).every(({ kind }) => kind === 'deny');
}
