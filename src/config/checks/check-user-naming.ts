/**
 * Whom the sources name. Two issuers may give the same id to different users (OpenID Connect Core section 5.7), so the ids of different
 * sources must differ, or everything that uses an id must distinguish the source.
 */
import type { UserNaming } from '../../core/identity/user-naming.ts';
import { rulesIn } from '../../core/policy/access.ts';
import { type Criterion, sourcesIn } from '../../core/policy/conditions.ts';
import type { RoleMapping } from '../../core/policy/map-roles.ts';
import { endsHere, type Route } from '../../core/routing/route.ts';
import type { ConfigFile } from '../schema.ts';
import type { SourceRule } from '../source-config.ts';
import type { DecidesFor } from './check-authorizer.ts';
import { type DeclaredRoles, reportUndeclared } from './check-roles.ts';
import type { RoutePlace } from './check-routes.ts';
import type { Location } from './location.ts';

type Naming = ReadonlyMap<string, UserNaming>;

/** Prefixes and roles of each source. `at`: of the file. */
export function checkSourceUsers(
  { authApi, sources, signIn }: ConfigFile,
  naming: Naming,
  declared: DeclaredRoles,
  at: Location,
): void {
  const all = { ...sources, ...signIn?.providers, ...(authApi === undefined ? {} : { authApi }) };
  for (const [name, { roles }] of Object.entries(all)) {
    const there = placeOf(name, at);
    for (const [index, role] of (roles ?? []).entries()) reportUndeclared(role, there.at('roles', index), declared);
    checkPrefix(name, naming, there);
    checkSameRoles(name, naming, there);
  }
}

/** One list of two would leave its users all roles with the other kind of token. */
function checkSameRoles(name: string, naming: Naming, at: Location): void {
  const own = naming.get(name);
  const first = own === undefined ? undefined : naming.get(own.source);
  if (own === undefined || first === undefined || textOf(own.roles) === textOf(first.roles)) return;
  const place = at.at('roles');
  const message = `"${own.source}" has the same issuer and so the same users, but ${first.roles === null ? 'no' : 'other'} "roles"`;
  (place.isWritten ? place : at).report(message, 'give both the same ones');
}

function textOf(roles: readonly string[] | null): string | null {
  return roles === null ? null : JSON.stringify([...roles].sort());
}

function checkPrefix(name: string, naming: Naming, at: Location): void {
  const own = naming.get(name);
  if (own === undefined) return;
  const first = naming.get(own.source);
  const place = at.at('userPrefix');
  if (first !== undefined && first.prefix !== own.prefix) {
    const message = `"${own.source}" has the same issuer and so the same users, but another "userPrefix"`;
    (place.isWritten ? place : at).report(message, 'give both the same one');
    return;
  }
  const folded = own.prefix.toLowerCase();
  if (folded !== '' && own.foreignPrefixes.some((foreign) => folded.startsWith(foreign))) {
    place.report('ids with this prefix begin like those of another source', 'choose prefixes that begin differently');
  }
}

function placeOf(name: string, at: Location): Location {
  if (name === 'authApi') return at.at('authApi');
  const provider = at.at('signIn', 'providers', name);
  return provider.isWritten ? provider : at.at('sources', name);
}

/** What is compiled and uses ids of users. */
export interface UsesOfIds {
  readonly config: ConfigFile;
  readonly naming: Naming;
  readonly rule: SourceRule;
  readonly decider: DecidesFor | null;
  readonly routes: readonly Route[];
  /** Of each route, by its index. */
  readonly places: readonly RoutePlace[];
  readonly roleMapping: RoleMapping | null;
}

/** Reports uses of ids that several sources can give. `at`: of the file. */
export function checkUserIds(uses: UsesOfIds, at: Location): void {
  const { naming, rule } = uses;
  const used = new Set([
    rule.bearer,
    rule.keyPair,
    rule.apiKey,
    ...rule.issuers.map(({ source }) => source),
    rule.certificate,
    ...rule.sessions,
  ]);
  checkRolesOfKeys(uses, used, at.at('roles'));
  const plain = [...naming].filter(([name, { prefix }]) => used.has(name) && prefix === '');
  const sources = [...new Set(plain.map(([, { source }]) => source))];
  if (sources.length < 2) return;
  checkServices(uses, sources, at);
  checkComparisons(uses.routes, uses.places, sources);
  checkDerivedRoles(uses, sources, at.at('roles'));
}

/** Each service must receive the source with the identity. An application gets both in any case. */
function checkServices(
  { config, decider, routes }: UsesOfIds,
  [first = '', ...others]: readonly string[],
  at: Location,
): void {
  const fields = Object.values(config.identityHeaders);
  if (decider === 'an application' || fields.includes('source')) return;
  const blind = routes.find((route) => identifies(route) && route.audience === null && fields.length > 0);
  if (blind === undefined) return;
  const [other = ''] = others;
  const service = blind.upstream === '' ? `the service of the route "${blind.id}"` : `the service "${blind.upstream}"`;
  const message = `"${first}" and "${other}" can give the same user id to different users, and ${service} could not tell them apart`;
  const place = placeOf(other, at);
  place.reportKey(
    message,
    `set "userPrefix" on all of them but one, such as "userPrefix: '${other}:'"; or send the source with the id: "identityHeaders: { user-id: userId, user-source: source, groups: groups }", or "identityAssertion"; if they name the same users, give them the same "issuer"`,
  );
}

function identifies({ access, upstream }: Route): boolean {
  return !endsHere(upstream) && rulesIn(access).some(({ kind }) => kind !== 'public' && kind !== 'deny');
}

/** A condition on an id needs another one on the source. */
function checkComparisons(routes: readonly Route[], places: readonly RoutePlace[], sources: readonly string[]): void {
  const seen = new Set<RoutePlace>();
  for (const { conditions, index } of routes) {
    const place = places[index]!;
    const compares = conditions?.find((criterion) => reads(criterion, 'userId'));
    if (compares === undefined || seen.has(place) || conditions?.some((one) => reads(one, 'source'))) continue;
    seen.add(place);
    const when = place.at.at('when');
    const message = `the condition "${compares.word}" compares user ids, and several sources can give the same one: ${sources.join(', ')}`;
    const hint = `add a condition on the source, such as "identity: source, equals: ${sources[0]}", or set "userPrefix" on all of them but one`;
    (when.isWritten ? when : place.at.at('match')).report(message, hint);
  }
}

/** Whether it compares the field, and not only whether there is one. */
function reads({ steps }: Criterion, field: 'userId' | 'source'): boolean {
  return steps.some((step) => {
    if (step.kind !== 'compare' || step.comparison.operator === 'exists') return false;
    return sourcesIn(step).some((source) => source.from === 'identity' && source.field === field);
  });
}

/** A role that a user id grants must be limited to one source. */
function checkDerivedRoles(uses: UsesOfIds, sources: readonly string[], at: Location): void {
  for (const [role, giving] of grantedBy('userId', uses, sources)) {
    const message = `several sources can give the same user id, and so this role: ${giving.join(', ')}`;
    const hint = `list the roles of the others under their "roles", without this one; or set "userPrefix" on all of them but one`;
    at.at(role, 'from').report(message, hint);
  }
}

/** The same for ids of keys, which have no prefix. */
function checkRolesOfKeys(uses: UsesOfIds, used: ReadonlySet<string | null>, at: Location): void {
  const naming = [...uses.naming].filter(([name]) => used.has(name) && givesKeyId(name, uses));
  const sources = [...new Set(naming.map(([, { source }]) => source))];
  for (const [role, giving] of grantedBy('keyId', uses, sources)) {
    const message = `several sources can give the same key id, and so this role: ${giving.join(', ')}`;
    at.at(role, 'from').report(message, 'list the roles of the others under their "roles", without this one');
  }
}

function givesKeyId(name: string, { config, rule }: UsesOfIds): boolean {
  const { authApi, sources } = config;
  const isAuthApi = name === 'authApi' || sources[name]?.kind === 'authApi';
  if (isAuthApi && rule.keyPair !== name && rule.apiKey !== name) return false;
  const source = name === 'authApi' ? authApi : sources[name];
  return source !== undefined && 'keyId' in source.fields && source.fields.keyId !== null;
}

/** Roles that such an id grants, each with those of several sources that may give it. */
function grantedBy(
  field: 'userId' | 'keyId',
  { naming, roleMapping }: UsesOfIds,
  sources: readonly string[],
): readonly (readonly [role: string, giving: readonly string[]])[] {
  const roles = (roleMapping?.origins ?? []).flatMap((origin) => (origin.field === field ? [origin.role] : []));
  return [...new Set(roles)].flatMap((role) => {
    const giving = sources.filter((source) =>
      [...naming.values()].some((one) => one.source === source && (one.roles === null || one.roles.includes(role))),
    );
    return giving.length < 2 ? [] : [[role, giving] as const];
  });
}
