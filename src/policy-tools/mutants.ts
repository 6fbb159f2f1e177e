/**
 * Small changes of the rules, each of which a test should notice: a removed or no longer required role, a removed condition or
 * part, a removed route, and changes that allow more (`widening-mutants.ts`).
 */
import type { CredentialKind } from '../core/credential/credential.ts';
import { type AccessRule, compileRule, type RouteAccess, rulesIn } from '../core/policy/access.ts';
import type { RoleOrigin } from '../core/policy/map-roles.ts';
import { type Restriction, type RouteRules, restrict } from '../core/policy/restrictions.ts';
import { holdersOf } from '../core/policy/role-expression.ts';
import type { RoleTable } from '../core/policy/roles.ts';
import type { Route } from '../core/routing/route.ts';
import type { RouteEntry } from '../core/routing/route-table.ts';
import { grantingAny, otherConditions } from './condition-mutants.ts';
import { type Change, withoutTerms } from './role-mutants.ts';
import { fewerAlternatives, widerMatches, widerPatterns, widerRules } from './widening-mutants.ts';

/** A change of one entry of the file. */
export interface RouteMutant {
  readonly kind: 'route';
  readonly entry: RouteEntry;
  /** Its changed routes; empty: removed. */
  readonly changed: readonly Route[];
  /** It matches requests that the entry does not: other methods, or other paths. */
  readonly reaches: boolean;
  /** Such as `role admin is no longer required`. */
  readonly words: string;
}

/** A change of the roles, which affects every route. */
export interface RoleMutant {
  readonly kind: 'roles';
  readonly roles: RoleTable;
  readonly origins: readonly RoleOrigin[];
  readonly words: string;
}

/** A change of a policy, which affects the routes below it. */
export interface PolicyMutant {
  readonly kind: 'policy';
  readonly policy: Restriction;
  /** Null: removed. */
  readonly changed: Restriction | null;
  /** Id of the only route that it affects; null: all below the policy. */
  readonly route: string | null;
  readonly words: string;
}

export type Mutant = RouteMutant | RoleMutant | PolicyMutant;

/** `kinds`: enabled kinds of credential. */
export function routeMutants(
  entry: RouteEntry,
  roles: RoleTable,
  kinds: readonly CredentialKind[],
): readonly RouteMutant[] {
  const mutant = (words: string, changed: readonly Route[], reaches = false): RouteMutant => {
    return { kind: 'route', entry, changed, reaches, words };
  };
  /** The same change of every pattern. */
  const throughout = (words: string, change: Partial<Route>, reaches = false): RouteMutant =>
    mutant(
      words,
      entry.map((route) => ({ ...route, ...change })),
      reaches,
    );
  const [first] = entry;
  const mutants: RouteMutant[] = [mutant('the route is removed', [])];
  const { own, policies } = first.restricted ?? { own: first, policies: [] };
  const withRules = ({ access, conditions }: RouteRules) => restrict({ access, conditions }, policies, roles);
  for (const [words, access] of otherAccess(own.access, roles, first.pattern.params)) {
    mutants.push(throughout(words, withRules({ ...own, access })));
  }
  for (const [words, conditions] of otherConditions(own.conditions, first, roles)) {
    mutants.push(throughout(words, withRules({ ...own, conditions })));
  }
  for (const [words, changed] of otherCredentials(first, kinds)) mutants.push(throughout(words, changed));
  for (const [at, route] of entry.entries()) {
    const { host, path } = route.pattern;
    if (entry.length > 1) mutants.push(mutant(`it no longer matches ${host ?? ''}${path}`, entry.toSpliced(at, 1)));
    for (const [words, pattern] of fewerAlternatives(route.pattern)) {
      mutants.push(mutant(words, entry.with(at, { ...route, pattern })));
    }
  }
  for (const [words, changed] of widerMatches(first)) mutants.push(throughout(words, changed, true));
  for (const [at, route] of entry.entries()) {
    for (const [words, changed] of widerPatterns(route)) mutants.push(mutant(words, entry.with(at, changed), true));
  }
  return mutants;
}

/** `params`: of the path, which can contain the scope of a role. */
function* otherAccess(
  access: RouteAccess,
  roles: RoleTable,
  params: readonly string[],
): Generator<Change<RouteAccess>> {
  if (access.every !== null) {
    const others = access.byMethod.size > 0;
    if (others) yield ['other methods are no longer allowed', withoutOthers(access)];
    for (const [words, rule] of weakened(access.every, roles, params)) {
      yield [others ? `other methods: ${words}` : words, { ...access, every: rule }];
    }
  }
  for (const [method, rule] of access.byMethod) {
    const withRule = (changed: AccessRule | null): RouteAccess => {
      const byMethod = new Map(access.byMethod);
      if (changed === null) byMethod.delete(method);
      else byMethod.set(method, changed);
      return { ...access, byMethod };
    };
    if (access.byMethod.size > 1 || access.every !== null) yield [`${method} is no longer listed`, withRule(null)];
    for (const [words, changed] of weakened(rule, roles, params)) yield [`${method}: ${words}`, withRule(changed)];
  }
}

function withoutOthers({ byMethod }: RouteAccess): RouteAccess {
  const listed = new Set(byMethod.keys());
  if (listed.has('GET')) listed.add('HEAD');
  return { every: null, byMethod, allow: [...listed].sort().join(', ') };
}

/** Other kinds of credential, and no sign-in page: only where a rule demands a credential. */
function* otherCredentials(route: Route, kinds: readonly CredentialKind[]): Generator<Change<Partial<Route>>> {
  if (!rulesIn(route.access).some(({ kind }) => kind === 'authenticated' || kind === 'roles')) return;
  if (route.signIn !== null) yield ['browsers are no longer redirected to its sign-in page', { signIn: null }];
  const { credentials } = route;
  const further = kinds.filter((kind) => !credentials.includes(kind));
  if (further.length === 0) return;
  yield ['its list of credentials is removed', { credentials: kinds }];
  for (const kind of credentials) {
    yield [`it no longer accepts ${kind}`, { credentials: credentials.filter((other) => other !== kind) }];
  }
  if (further.length === 1) return;
  for (const kind of further) yield [`it also accepts ${kind}`, { credentials: [...credentials, kind] }];
}

const unrestricted: RouteAccess = { every: null, byMethod: new Map(), allow: '' };

/** Methods without a rule are not restricted. */
function* weakenedPolicy(
  access: RouteAccess,
  roles: RoleTable,
  params: readonly string[],
): Generator<Change<RouteAccess>> {
  const { every, byMethod } = access;
  if (every !== null) {
    if (byMethod.size > 0) yield ['other methods are not restricted', { ...access, every: null }];
    for (const [words, rule] of weakened(every, roles, params)) {
      yield [byMethod.size > 0 ? `other methods: ${words}` : words, { ...access, every: rule }];
    }
  }
  for (const [method, rule] of byMethod) {
    const others = [...byMethod].filter(([other]) => other !== method);
    if (byMethod.size > 1 || every !== null) yield [`${method} has no rule`, { ...access, byMethod: new Map(others) }];
    for (const [words, changed] of weakened(rule, roles, params)) {
      yield [`${method}: ${words}`, { ...access, byMethod: new Map(byMethod).set(method, changed) }];
    }
  }
}

export function policyMutants(
  policies: readonly Restriction[],
  entries: readonly RouteEntry[],
  roles: RoleTable,
): readonly PolicyMutant[] {
  return policies.flatMap((policy) => {
    const { access, conditions, pattern, destination } = policy;
    const rewritten = (destination?.rewrite ?? null) === null ? '' : ` (${pattern.host ?? ''}${pattern.path})`;
    const mutant = (words: string, changed: Restriction | null, route: string | null = null): PolicyMutant => {
      return { kind: 'policy', policy, changed, route, words: `policy ${policy.id}${rewritten}: ${words}` };
    };
    const place = { pattern, access: access ?? unrestricted };
    const below = entries.filter(([{ restricted }]) => restricted?.policies.includes(policy) === true);
    return [
      mutant('it is removed', null),
      ...(access === null || conditions === null ? [] : [mutant('its access is removed', { ...policy, access: null })]),
      ...(access === null ? [] : [...weakenedPolicy(access, roles, pattern.params)]).map(([words, changed]) =>
        mutant(words, { ...policy, access: changed }),
      ),
      ...[...otherConditions(conditions, place, roles)].map(([words, changed]) =>
        mutant(words, { ...policy, conditions: changed }),
      ),
      // For a single route, this is the removal of the policy.
      ...(below.length < 2 ? [] : below).map(([{ id }]) => mutant(`it does not apply to route ${id}`, null, id)),
    ];
  });
}

export function affects({ policy, route }: PolicyMutant, { id, restricted }: Route): boolean {
  return (route === null || route === id) && restricted?.policies.includes(policy) === true;
}

/** The route with the changed policy. */
export function withPolicy(route: Route, mutant: PolicyMutant, roles: RoleTable): Route {
  const { restricted } = route;
  if (restricted === null || !affects(mutant, route)) return route;
  const { policy, changed } = mutant;
  const policies = restricted.policies.flatMap((one) => (one !== policy ? [one] : changed === null ? [] : [changed]));
  return { ...route, ...restrict(restricted.own, policies, roles) };
}

export function roleMutants(roles: RoleTable, origins: readonly RoleOrigin[]): readonly RoleMutant[] {
  const mutants: RoleMutant[] = [];
  for (const [role, inherits] of roles) {
    for (const inherited of inherits) {
      const changed = new Map(roles).set(
        role,
        inherits.filter((name) => name !== inherited),
      );
      mutants.push({ kind: 'roles', roles: changed, origins, words: `role ${role} no longer inherits ${inherited}` });
    }
  }
  for (const [index, { role, field }] of origins.entries()) {
    const words = `role ${role} is no longer derived from ${field}`;
    mutants.push({ kind: 'roles', roles, origins: origins.toSpliced(index, 1), words });
  }
  return mutants;
}

/** The rules of a route under other roles. */
export function withRoles(route: Route, roles: RoleTable): Route {
  const { own, policies } = route.restricted ?? { own: route, policies: [] };
  const again = policies.map((policy) => ({
    ...policy,
    access: policy.access === null ? null : accessWithRoles(policy.access, roles),
    conditions: conditionsWithRoles(policy.conditions, roles),
  }));
  const access = accessWithRoles(own.access, roles);
  return { ...route, ...restrict({ access, conditions: conditionsWithRoles(own.conditions, roles) }, again, roles) };
}

function accessWithRoles(access: RouteAccess, roles: RoleTable): RouteAccess {
  const { every, byMethod } = access;
  return {
    ...access,
    every: every === null ? null : ruleWithRoles(every, roles),
    byMethod: new Map([...byMethod].map(([method, rule]) => [method, ruleWithRoles(rule, roles)])),
  };
}

function ruleWithRoles(rule: AccessRule, roles: RoleTable): AccessRule {
  return rule.kind === 'roles' ? compileRule(rule.source, roles) : rule;
}

function conditionsWithRoles(conditions: Route['conditions'], roles: RoleTable): Route['conditions'] {
  const changed = conditions?.map((criterion) => {
    const { unless, unlessSource, only, onlySource } = criterion;
    if (unless === null && only === null) return criterion;
    return {
      ...criterion,
      unless: unless === null ? null : grantingAny(unlessSource, roles),
      only: only === null ? null : holdersOf(onlySource, roles),
    };
  });
  return changed ?? null;
}

function weakened(rule: AccessRule, roles: RoleTable, params: readonly string[]): readonly Change<AccessRule>[] {
  return [...narrower(rule, roles), ...widerRules(rule, roles, params)];
}

function narrower(rule: AccessRule, roles: RoleTable): readonly Change<AccessRule>[] {
  switch (rule.kind) {
    case 'public':
      return [['a credential is required', { kind: 'authenticated' }]];
    case 'optional':
      return [
        ['no credential is read', { kind: 'public' }],
        ['a credential is required', { kind: 'authenticated' }],
      ];
    case 'authenticated':
      return [['no credential is required', { kind: 'public' }]];
    case 'deny':
      return [['any identity is allowed', { kind: 'authenticated' }]];
    case 'roles':
      return [['any identity is allowed', { kind: 'authenticated' }], ...withoutTerms(rule.source, roles)];
  }
}
