/** Routes: each alone, and all against each other; the result is the compiled table. */
import { isAmbient } from '../../core/credential/credential.ts';
import type { UserNaming } from '../../core/identity/user-naming.ts';
import { compileConditions } from '../../core/policy/conditions.ts';
import { type Restriction, restrict } from '../../core/policy/restrictions.ts';
import { withScopes } from '../../core/policy/scopes-of-route.ts';
import { compileRoutes } from '../../core/routing/compile-routes.ts';
import { eventUpstreams, identityKeys, type Route } from '../../core/routing/route.ts';
import type { RouteTable } from '../../core/routing/route-table.ts';
import type { ConfigFile, RouteEntry } from '../schema.ts';
import { type ReadAccess, readAccess, readsIdentity, restricted, takesMethod } from './check-access.ts';
import { checkDecidedRoute, type DecidesFor } from './check-authorizer.ts';
import {
  type ConditionScope,
  checkConditionHeaders,
  checkConditions,
  checkNamedConditions,
  checkWords,
} from './check-conditions.ts';
import { checkEvict } from './check-evict.ts';
import { readAudience } from './check-identity-assertion.ts';
import { claimTable } from './check-identity-claims.ts';
import {
  checkEncodedSlashes,
  checkPatterns,
  checkReading,
  checkRewrite,
  compileRewrite,
  readingOf,
  toleratedBits,
} from './check-match.ts';
import { checkOwnUpstream, type OwnUpstreams, readOwnUpstreams } from './check-own-upstream.ts';
import { checkPolicies, checkPolicyConditions, checkReach, policiesOver } from './check-policies.ts';
import { createResponsesReader, type ResponsesReader } from './check-responses.ts';
import { checkScopes } from './check-role-scopes.ts';
import type { DeclaredRoles } from './check-roles.ts';
import { type CredentialsReader, createCredentialsReader, type RouteCredentials } from './check-route-credentials.ts';
import { checkTeamRoute, checkTeams } from './check-teams.ts';
import { checkAcr, checkActive, checkMaxAuthAge, checkMaxVerdictAge } from './check-time-limits.ts';
import { checkUpstream } from './check-upstream.ts';
import type { Location } from './location.ts';
import { placeFrom, type RuleFile } from './rule-file.ts';

/** Where a route is. */
export interface RoutePlace {
  readonly file: RuleFile;
  readonly at: Location;
}

/** What routes need from the rest of the file. */
interface Surroundings
  extends Pick<ConditionScope, 'headers' | 'allowsEveryAddress' | 'named' | 'roles' | 'claims' | 'userSources'> {
  readonly policies: readonly Restriction[];
  readonly upstreams: ReadonlySet<string>;
  /** What applies the decisions; null: Rolegate's own proxy. */
  readonly decider: DecidesFor | null;
  readonly access: ReadAccess;
  /** Whether `defaults.access` is written. */
  readonly hasDefaultRule: boolean;
  readonly defaults: ConfigFile['defaults'];
  readonly readResponses: ResponsesReader;
  readonly readCredentials: CredentialsReader;
  readonly own: OwnUpstreams;
  /** Names of all sources. */
  readonly sources: ReadonlySet<string>;
}

export interface CheckedRoutes {
  /** Null if problems prevent a table. */
  readonly table: RouteTable | null;
  readonly ids: ReadonlyMap<string, RoutePlace>;
  /** Words of conditions. */
  readonly words: ReadonlySet<string>;
  readonly policies: readonly Restriction[];
  /** Where each route of the table is. */
  readonly places: readonly RoutePlace[];
}

/** `files` are the main file, which `config` and `main` are of, and those that it includes. */
export function checkRoutes(
  {
    config,
    roles,
    naming,
    files,
    decider,
  }: {
    readonly config: ConfigFile;
    readonly roles: DeclaredRoles;
    readonly naming: ReadonlyMap<string, UserNaming>;
    readonly files: readonly RuleFile[];
    readonly decider: DecidesFor | null;
  },
  main: Location,
): CheckedRoutes {
  const { authApi, conditions: settings, defaults, sources, upstreams } = config;
  const conditions = {
    headers: checkConditionHeaders(config, main),
    allowsEveryAddress: settings.allowEveryAddress,
    roles,
    claims: claimTable(config),
    userSources: new Set([...naming.values()].map(({ source }) => source)),
  };
  const namedAt = main.at('conditions', 'named');
  const named = checkNamedConditions(settings.named, namedAt, { ...conditions, takesMethod: () => true });
  const upstreamNames = new Set([...Object.keys(upstreams), 'auth-api', identityKeys, ...eventUpstreams.keys()]);
  const ways = files.flatMap((file) =>
    file.routes.map(({ upstream = '', rewrite }, index) => {
      return { upstream, rewrite: compileRewrite(rewrite), at: file.at.at('routes', index, 'rewrite') };
    }),
  );
  const policiesAt = main.at('policies');
  const policies = checkPolicies(config.policies, policiesAt, { ...conditions, named }, ways, upstreamNames);
  const surroundings: Surroundings = {
    ...conditions,
    named,
    policies,
    decider,
    upstreams: upstreamNames,
    access: readAccess(defaults.access, main.at('defaults', 'access'), roles),
    hasDefaultRule: main.at('defaults', 'access').isWritten,
    defaults,
    readResponses: createResponsesReader(config, main),
    readCredentials: createCredentialsReader(config),
    own: readOwnUpstreams(config),
    sources: new Set([...(authApi === undefined ? [] : ['authApi']), ...Object.keys(sources)]),
  };
  const ids = new Map<string, RoutePlace>();
  const places: RoutePlace[] = [];
  const routes: Route[] = [];
  for (const file of files) {
    file.routes.forEach((entry, position) => {
      const place = { file, at: file.at.at('routes', position) };
      checkId(entry.id, place, ids);
      for (const route of checkRoute(entry, place, routes.length, surroundings)) {
        routes.push(route);
        places.push(place);
      }
    });
  }
  const teams = new Set(files.flatMap(({ team }) => team ?? []));
  checkTeams([...teams], routes, places, { upstreams: surroundings.upstreams, roles: new Set(roles.table.keys()) });
  checkReach(policies, routes, ({ index }) => places[index]!.at.at('match'));
  const words = checkWords(routes, places);
  checkEncodedSlashes(config.routes, main.at('routes'));
  const table = compileRoutes(routes);
  if (!('ties' in table)) return { table, ids, words, policies, places };
  for (const { first, second, example } of table.ties) {
    const [there, here] = [places[first.index]!, places[second.index]!];
    const other = `${there.at.at('id').quote(first.id)} (${placeFrom(here.file, there.file, there.at)})`;
    const at = here.at.at('match');
    if (here === there && example !== null) {
      const patterns = `"${nameOf(first)}" and "${nameOf(second)}"`;
      at.report(`${patterns} of this route both match ${example}`, 'remove one of the two');
    } else if (example === null) {
      const message = `the parameters of this route and of ${other} have too many forms to determine whether both match one request`;
      at.report(message, 'write fewer or shorter alternatives, or shorter text around the parameters');
    } else {
      at.report(`this route and ${other} both match ${example}`, 'make one of them more specific, or join them');
    }
  }
  return { table: null, ids, words, policies, places };
}

function checkId(id: string, place: RoutePlace, ids: Map<string, RoutePlace>): void {
  const earlier = ids.get(id);
  if (earlier === undefined) {
    ids.set(id, place);
    return;
  }
  const at = place.at.at('id');
  const where = placeFrom(place.file, earlier.file, earlier.at);
  at.report(`the id ${at.quote(id)} is taken by the route of ${where}`);
}

function nameOf({ pattern: { host, path } }: Route): string {
  return `${host ?? ''}${path}`;
}

/** One per pattern, equal except for what depends on the pattern; empty if a pattern has a problem. `index`: of the first. */
function checkRoute(
  entry: RouteEntry,
  { at, file }: RoutePlace,
  index: number,
  around: Surroundings,
): readonly Route[] {
  const { roles, defaults } = around;
  checkUpstream(entry.upstream, at.at('upstream'), around.upstreams);
  if (around.decider !== null) checkDecidedRoute(entry, around.decider, at);
  else if (entry.upstream === undefined) at.report('the key "upstream" is missing');
  const own = entry.access === undefined ? around.access : readAccess(entry.access, at.at('access'), roles);
  if (file.team !== null) checkTeamRoute(entry, own.rules, file.team, at);
  const patterns = checkPatterns(entry.match, at.at('match'));
  const anyCase = entry.path.caseSensitive !== true;
  const rewrite = compileRewrite(entry.rewrite);
  checkRewrite(entry.rewrite, patterns ?? [], at.at('rewrite'));
  const destination = { upstream: entry.upstream ?? '', rewrite };
  const policies = policiesOver(around.policies, patterns ?? [], anyCase, destination, at.at('match'));
  const rules = policies.flatMap((policy) => policy.access ?? []);
  const access = restricted(own, rules, roles);
  const { isPublic } = access;
  const onlyMethod = checkOwnUpstream(entry, around.own, access, at);
  const methods = checkMethods(entry, access, at) ?? (onlyMethod === null ? null : [onlyMethod]);
  const maxVerdictAge = checkMaxVerdictAge(entry.maxVerdictAge, access, methods, at.at('maxVerdictAge'));
  const { cors, response } = around.readResponses(entry, at);
  const credentials = around.readCredentials(entry, access, at);
  const evict = checkEvict(entry.evict, { ...around, patterns: patterns ?? [], isPublic }, at.at('evict'));
  const scope = {
    ...around,
    patterns: patterns ?? [],
    readsIdentity: (of: readonly string[] | null) => readsIdentity(access, of),
    takesMethod: (method: string) => takesMethod(access, methods, method),
  };
  const conditions = entry.when === undefined ? null : checkConditions(entry.when, at.at('when'), scope);
  checkPolicyConditions(policies, access, at);
  if (patterns === null) return [];
  checkReading(entry.path, patterns, at.at('path'));
  const compiled = conditions === null ? null : compileConditions(conditions, roles.table);
  const active = checkActive(entry, at);
  const signIns = checkMaxAuthAge(entry.maxAuthAge, access, methods, at.at('maxAuthAge'));
  const acr = checkAcr(entry.acr, access, around.claims, at.at('acr'));
  const all = [...(active === null ? [] : [active]), ...(compiled ?? []), ...acr, ...signIns];
  const ownRules = { access: own.compiled, conditions: all.length === 0 ? null : all };
  checkScopes(ownRules, policies, patterns, at);
  const audience = readAudience(entry, around.own.signs, isPublic, at);
  const forwardToken = entry.forwardToken ?? null;
  if (forwardToken !== null) checkForwardToken(entry, credentials, isPublic, at);
  // Where only sessions and certificates are accepted, every other credential belongs to the service, unless it gets the token of the session.
  const belongsToService = isPublic || credentials.credentials.every(isAmbient);
  const forwardCredentials = entry.forwardCredentials ?? (forwardToken === null && belongsToService);
  // Members that every request reads come first, so that they are adjacent in memory.
  return patterns.map((pattern, further) => ({
    index: index + further,
    reading: readingOf(entry.path, pattern),
    ...withScopes(restrict(ownRules, policies, roles.table)),
    ...credentials,
    ...maxVerdictAge,
    maxBodyBytes: entry.maxBody ?? defaults.maxBody,
    ...destination,
    forwardCredentials,
    forwardToken,
    audience,
    timeoutMs: entry.timeout ?? defaults.timeout,
    idleTimeoutMs: entry.idleTimeout ?? defaults.idleTimeout ?? null,
    evict,
    cors,
    response,
    id: entry.id,
    pattern,
    methods,
    tolerates: toleratedBits(entry.path),
    websocket: entry.websocket,
    bodyBufferBytes: entry.bodyBuffer ?? defaults.bodyBuffer,
    bodyRate: entry.bodyRate ?? defaults.bodyRate,
    recheckMs: entry.streams?.recheck ?? defaults.streams.recheck,
    hasRule: entry.access !== undefined || around.hasDefaultRule,
  }));
}

function checkForwardToken(
  { forwardCredentials }: RouteEntry,
  { credentials }: RouteCredentials,
  isPublic: boolean,
  at: Location,
): void {
  if (isPublic || !credentials.includes('session'))
    at.at('forwardToken').reportKey(
      'the route accepts no session, so there is no token',
      'list it: "credentials: [session]"',
    );
  if (forwardCredentials === true)
    at.at('forwardToken').reportKey(
      '"forwardCredentials" and "forwardToken" exclude each other: both are Authorization',
      'keep one of them',
    );
}

function checkMethods(entry: RouteEntry, access: ReadAccess, at: Location): readonly string[] | null {
  const { methods } = entry.match;
  if (methods !== undefined && entry.access !== undefined && access.methods !== null) {
    const hint = 'remove it, and write every method of the route in "access"';
    at.at('match', 'methods').reportKey('"access" lists the methods of this route', hint);
  }
  return methods ?? null;
}
