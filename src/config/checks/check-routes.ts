/** Routes: each on its own, and all against each other; the result is the compiled table. */

import { compileConditions } from '../../core/policy/conditions.ts';
import { compileRoutes } from '../../core/routing/compile-routes.ts';
import type { Route } from '../../core/routing/route.ts';
import type { RouteTable } from '../../core/routing/route-table.ts';
import type { ConfigFile, Parts, RouteEntry } from '../schema.ts';
import type { Check } from './check.ts';
import { denied, type ReadAccess, readAccess } from './check-access.ts';
import { createAnswersReader } from './check-answers.ts';
import { checkClaims } from './check-claims.ts';
import { checkConditionHeaders } from './check-condition-headers.ts';
import { checkConditions, mostWords } from './check-conditions.ts';
import { checkEvict } from './check-evict.ts';
import { checkEncodedSlashes, checkPattern, checkReading, checkRewrite, toleratedBits } from './check-match.ts';
import { checkMode } from './check-mode.ts';
import type { DeclaredRoles } from './check-roles.ts';
import { placeFrom, type RuleFile } from './rule-file.ts';

/** Where a route stands. */
export interface RoutePlace {
  readonly file: RuleFile;
  readonly position: number;
}

const noRoles: ReadonlyMap<string, readonly string[]> = new Map();

/** What routes take from the rest of the file. */
interface Surroundings {
  /** Headers that conditions may read; null when the section cannot be read. */
  readonly headers: ReadonlySet<string> | null;
  readonly allowsEveryAddress: boolean;
  readonly roles: DeclaredRoles;
  /** Null when the section cannot be read, so that no upstream counts as unknown. */
  readonly upstreams: ReadonlySet<string> | null;
  readonly access: ReadAccess;
  readonly timeoutMs: number;
  readonly idleTimeoutMs: number | null;
  readonly maxBodyBytes: number;
  readonly bodyBufferBytes: number;
  readonly bodyRate: number;
  readonly recheckMs: number;
  readonly readAnswers: ReturnType<typeof createAnswersReader>;
}

export interface CheckedRoutes {
  /** Null when there are problems that leave no table. */
  readonly table: RouteTable | null;
  /** Where each stands. */
  readonly ids: ReadonlyMap<string, RoutePlace>;
  /** Words of conditions. */
  readonly words: ReadonlySet<string>;
  /** Where each route of the table stands. */
  readonly places: readonly RoutePlace[];
}

/** `files` are the main file, which `parts` and `check` are of, and those that it includes. */
export function checkRoutes(
  parts: Parts<ConfigFile>,
  roles: DeclaredRoles,
  files: readonly RuleFile[],
  check: Check,
): CheckedRoutes {
  const { defaults } = parts;
  const upstreams = parts.upstreams === undefined ? null : new Set(check.keys(['upstreams']) ?? []);
  const surroundings: Surroundings = {
    headers: checkConditionHeaders(parts, check),
    allowsEveryAddress: parts.conditions?.allowEveryAddress ?? false,
    roles,
    upstreams: upstreams?.add('auth-api') ?? null,
    access: readAccess(defaults?.access, ['defaults', 'access'], roles, check) ?? denied,
    timeoutMs: defaults?.timeout ?? 0,
    idleTimeoutMs: defaults?.idleTimeout ?? null,
    maxBodyBytes: defaults?.maxBody ?? 0,
    bodyBufferBytes: defaults?.bodyBuffer ?? 0,
    bodyRate: defaults?.bodyRate ?? 0,
    recheckMs: defaults?.streams?.recheck ?? 0,
    readAnswers: createAnswersReader(parts, check),
  };
  const ids = new Map<string, RoutePlace>();
  const places: RoutePlace[] = [];
  const routes: Route[] = [];
  for (const file of files) {
    file.routes?.forEach((entry, position) => {
      if (entry === undefined) return;
      const place = { file, position };
      checkId(entry.id, place, ids);
      const route = checkRoute(entry, place, places.length, surroundings);
      places.push(place);
      if (route !== null) routes.push(route);
    });
  }
  checkClaims(files, routes, places);
  const words = checkWords(routes, places);
  checkEncodedSlashes(parts.routes, check);
  const table = compileRoutes(routes);
  if (!('ties' in table)) return { table, ids, words, places };
  for (const { first, second, example } of table.ties) {
    const [there, here] = [places[first.index]!, places[second.index]!];
    const other = there.file.check.quote(['routes', there.position, 'id'], first.id);
    const where = placeFrom(here.file, there.file, ['routes', there.position]);
    const message = `this route and ${other} (${where}) both match ${example}`;
    here.file.check.at(['routes', here.position, 'match'], message, 'make one of them more specific, or join them');
  }
  return { table: null, ids, words, places };
}

/** Each word is a label of a metric, so there is an end to them. */
function checkWords(routes: readonly Route[], places: readonly RoutePlace[]): ReadonlySet<string> {
  const words = new Set<string>();
  for (const { conditions, index } of routes) {
    const before = words.size;
    if (conditions !== null) for (const { word } of conditions) words.add(word);
    if (before > mostWords || words.size <= mostWords) continue;
    const { file, position } = places[index]!;
    const hint = 'routes can share words';
    file.check.at(['routes', position, 'when'], `the routes have more than ${mostWords} reasons of their own`, hint);
  }
  return words;
}

function checkId(id: string | undefined, place: RoutePlace, ids: Map<string, RoutePlace>): void {
  if (id === undefined) return;
  const earlier = ids.get(id);
  if (earlier === undefined) {
    ids.set(id, place);
    return;
  }
  const { file, position } = place;
  const path = ['routes', position, 'id'];
  const where = placeFrom(file, earlier.file, ['routes', earlier.position]);
  file.check.at(path, `the id ${file.check.quote(path, id)} is taken by the route of ${where}`);
}

/** Null when there is no pattern to compare with other routes. */
function checkRoute(
  entry: Parts<RouteEntry>,
  { file, position }: RoutePlace,
  index: number,
  around: Surroundings,
): Route | null {
  const { check } = file;
  const path = ['routes', position];
  const { upstream } = entry;
  if (upstream !== undefined && around.upstreams !== null && !around.upstreams.has(upstream)) {
    const at = [...path, 'upstream'];
    const near = check.nearest(at, upstream, around.upstreams);
    const declare = check.isOwn(at) ? `declare it under "upstreams": "${upstream}: { targets: [...] }"` : near;
    check.at(
      at,
      `there is no upstream ${check.quote(at, upstream)}`,
      near?.startsWith('did') === true ? near : declare,
    );
  }
  const accessPath = [...path, 'access'];
  const access = check.has(accessPath) ? readAccess(entry.access, accessPath, around.roles, check) : around.access;
  const publicRoute = access?.isPublic === true;
  if (entry.maxAge !== undefined && publicRoute) {
    check.atKey([...path, 'maxAge'], '"maxAge" has no meaning on a public route: no verdict is asked for', 'remove it');
  }
  const methods = checkMethods(entry, access, path, check);
  const pattern = checkPattern(entry.match, path, check);
  const rewrite = checkRewrite(entry.rewrite, pattern, path, check);
  const answers = around.readAnswers(entry, path, check);
  const evict = checkEvict(entry.evict, pattern, publicRoute, path, check);
  const { roles, headers, allowsEveryAddress } = around;
  const anonymous = access?.hasPublic === true;
  const conditions =
    entry.when === undefined
      ? null
      : checkConditions(entry.when, path, { pattern, roles, headers, anonymous, allowsEveryAddress }, check);
  checkMode(entry.mode, access, conditions?.length ?? 0, path, check);
  if (pattern === null) return null;
  // What every request reads stands in front, so that it lies together in memory.
  return {
    index,
    reading: checkReading(entry.path, pattern),
    access: (access ?? denied).compiled,
    maxAgeMs: entry.maxAge ?? null,
    conditions: conditions === null ? null : compileConditions(conditions, around.roles ?? noRoles),
    maxBodyBytes: entry.maxBody ?? around.maxBodyBytes,
    rewrite,
    forwardCredentials: entry.forwardCredentials ?? publicRoute,
    upstream: upstream ?? '',
    timeoutMs: entry.timeout ?? around.timeoutMs,
    idleTimeoutMs: entry.idleTimeout ?? around.idleTimeoutMs,
    evict,
    cors: answers.cors,
    response: answers.response,
    id: entry.id ?? `route ${position + 1}`,
    pattern,
    methods,
    tolerates: toleratedBits(entry.path),
    websocket: entry.websocket ?? false,
    bodyBufferBytes: entry.bodyBuffer ?? around.bodyBufferBytes,
    bodyRate: entry.bodyRate ?? around.bodyRate,
    recheckMs: entry.streams?.recheck ?? around.recheckMs,
    mode: entry.mode ?? 'enforce',
  };
}

function checkMethods(
  entry: Parts<RouteEntry>,
  access: ReadAccess | null,
  path: readonly (string | number)[],
  check: Check,
): readonly string[] | null {
  const written = entry.match?.methods;
  if (written === undefined) return null;
  const at = [...path, 'match', 'methods'];
  if (written.length === 0) check.at(at, 'an empty list of methods matches nothing', 'remove it to match every method');
  written.forEach((method, index) => {
    if (method !== undefined && written.indexOf(method) < index)
      check.at([...at, index], 'this method is listed twice');
  });
  const methods = written.filter((method) => method !== undefined);
  const rules = access?.source;
  if (rules instanceof Map && methods.length === written.length && check.has([...path, 'access'])) {
    for (const key of check.keys([...path, 'access']) ?? []) {
      const strange = key
        .split(',')
        .map((part) => part.trim())
        .find((method) => rules.has(method) && !methods.includes(method));
      if (strange === undefined || (strange === 'HEAD' && methods.includes('GET'))) continue;
      check.atKey(
        [...path, 'access', key],
        `${strange} has a rule but is not in "match.methods"`,
        'add it there, or remove the rule',
      );
    }
  }
  return methods;
}
