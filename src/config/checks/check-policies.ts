/** Policies: each restricts something, and every route lies below it completely or not at all. */
import { type AccessRule, type RouteAccess, rulesIn } from '../../core/policy/access.ts';
import {
  type Comparison,
  type ConditionSource,
  compileConditions,
  readsOfIdentity,
  type ValueSource,
} from '../../core/policy/conditions.ts';
import { accessOf, type Destination, isFor, isSameRewrite, type Restriction } from '../../core/policy/restrictions.ts';
import { holdersOf } from '../../core/policy/role-expression.ts';
import { beforeRewrite } from '../../core/routing/before-rewrite.ts';
import { isBelow, isShielded, meetOf } from '../../core/routing/below-policy.ts';
import { exampleOf } from '../../core/routing/compile-routes.ts';
import type { Route } from '../../core/routing/route.ts';
import { compilePattern } from '../../core/url/compile-pattern.ts';
import type { RoutePattern } from '../../core/url/path-pattern.ts';
import { mayIgnoreCase } from '../../core/url/path-reading.ts';
import type { PolicyEntry } from '../schema/policies.ts';
import type { ConfigFile } from '../schema.ts';
import { type ReadAccess, readAccess, readsIdentity } from './check-access.ts';
import { type ConditionScope, checkConditions, checkUnless } from './check-conditions.ts';
import { compilePart } from './check-match.ts';
import { formOf } from './check-roles.ts';
import { checkPolicyAuthAge } from './check-time-limits.ts';
import { checkUpstream } from './check-upstream.ts';
import type { Location } from './location.ts';

type Scope = Pick<ConditionScope, 'roles' | 'claims' | 'userSources' | 'headers' | 'named' | 'allowsEveryAddress'>;

/** Where the route of a destination is. */
interface Way extends Destination {
  readonly at: Location;
}

/** `at`: of the list. `ways`: of all routes. */
export function checkPolicies(
  entries: ConfigFile['policies'],
  at: Location,
  scope: Scope,
  ways: readonly Way[],
  upstreams: ReadonlySet<string>,
): readonly Restriction[] {
  const ids = new Map<string, Location>();
  return entries.flatMap((entry, index) => {
    const there = at.at(index);
    const earlier = ids.get(entry.id);
    if (earlier === undefined) ids.set(entry.id, there);
    else
      there.at('id').report(`the id ${there.at('id').quote(entry.id)} is taken by the policy of line ${earlier.line}`);
    const { upstream } = entry.match;
    checkUpstream(upstream, there.at('match', 'upstream'), upstreams);
    return checkPolicy(entry, there, scope, rewritesOf(upstream, ways));
  });
}

/** Distinct ways to the upstream; first, that without a rewrite, which every policy has. */
function rewritesOf(upstream: string | undefined, ways: readonly Way[]): readonly Way[] {
  return ways.filter((way, index) => {
    if (way.upstream !== upstream || way.rewrite === null) return false;
    const first = ways.findIndex((one) => one.upstream === upstream && isSameRewrite(one.rewrite, way.rewrite));
    return first === index;
  });
}

/** One for paths without a rewrite, and one for each of `rewrites`. */
function checkPolicy(entry: PolicyEntry, at: Location, scope: Scope, rewrites: readonly Way[]): readonly Restriction[] {
  const { id, unless = [], when = [], maxAuthAge, for: concerned = [] } = entry;
  if (entry.access === undefined && entry.when === undefined && maxAuthAge === undefined) {
    at.report('this policy restricts nothing', 'give it "access", "when" or "maxAuthAge"');
  }
  const pattern = checkPrefix(entry.match, at.at('match'));
  checkUnless(entry.for, at.at('for'), scope.roles, true);
  const only = concerned.map((role) => formOf(role, scope.roles));
  const access = checkAccess(entry.access, only, at.at('access'), scope);
  const isAlone = entry.when === undefined && maxAuthAge === undefined;
  if (only.length > 0 && isAlone && access !== null && rulesIn(access).every(isForAnyIdentity)) {
    at.at('for').reportKey('"authenticated" restricts no identity, so "for" has no meaning', 'remove one of the two');
  }
  checkUnless(entry.unless, at.at('unless'), scope.roles, true);
  const exempt = unless.map((role) => formOf(role, scope.roles));
  if (entry.unless !== undefined && entry.when === undefined) {
    at.at('unless').reportKey('"unless" exempts from conditions, and there are none', 'remove it');
  }
  const conditions = checkConditions(when, at.at('when'), {
    ...scope,
    patterns: pattern === null ? [] : [pattern],
    // Whether a route reads a credential is checked at the route.
    readsIdentity: () => true,
    takesMethod: () => true,
  });
  if (pattern === null) return [];
  const ages = checkPolicyAuthAge(maxAuthAge, id, at.at('maxAuthAge'));
  const holders = only.length === 0 ? null : holdersOf(only, scope.roles.table);
  const signIns = ages.map((limit) => ({ ...limit, only: holders, onlySource: only }));
  const compiledFor = (prefix: RoutePattern, destination: Destination | null): Restriction => {
    const anchored = conditions.map(({ condition, unless, ...rest }) => {
      return { ...rest, unless: [...unless, ...exempt], only, condition: anchor(condition, prefix) };
    });
    const all = [...(compileConditions(anchored, scope.roles.table, id) ?? []), ...signIns];
    return { id, pattern: prefix, destination, access, conditions: all.length === 0 ? null : all };
  };
  const { upstream } = entry.match;
  if (upstream === undefined) return [compiledFor(pattern, null)];
  const further = rewrites.flatMap(({ rewrite, at: there }) => {
    const before = rewrite === null ? null : beforeRewrite(pattern, rewrite);
    if (before === null) return [];
    const [fixed] = before.fixed;
    if (fixed !== undefined) {
      const message = `the policy "${id}" reads {${fixed}} from the path of the upstream, where "addPrefix" has a text`;
      there.at('addPrefix').report(message, `add the prefix before {${fixed}} only, and match the parameter`);
      return [];
    }
    return [compiledFor(before.pattern, { upstream, rewrite })];
  });
  return [compiledFor(pattern, { upstream, rewrite: null }), ...further];
}

function checkPrefix({ host, path = '/**' }: PolicyEntry['match'], at: Location): RoutePattern | null {
  const ofHost = host === undefined ? null : compilePart(host, '/', at.at('host'));
  const prefix = compilePart(null, path, at.at('path'));
  if (prefix === null || (host !== undefined && ofHost === null)) return null;
  if (prefix.segments.at(-1)?.kind !== 'rest') {
    at.at('path').report('a policy applies to everything below its path', `write "${path.replace(/\/$/, '')}/**"`);
    return null;
  }
  if (
    prefix.segments.some((one) => one.kind === 'param' && (one.form?.before ?? '') + (one.form?.after ?? '') !== '')
  ) {
    at.at('path').report('a parameter of a policy takes a whole segment', 'remove the text around it');
    return null;
  }
  return compilePattern(ofHost?.host ?? null, path);
}

function isForAnyIdentity({ kind }: AccessRule): boolean {
  return kind === 'authenticated';
}

/** `only`: roles that it restricts; none: every caller. */
function checkAccess(
  entry: PolicyEntry['access'],
  only: readonly string[],
  at: Location,
  { roles }: Scope,
): RouteAccess | null {
  if (entry === undefined) return null;
  const { compiled } = readAccess(entry, at, roles);
  const open = rulesIn(compiled).find(({ kind }) => kind === 'public' || kind === 'optional');
  if (open === undefined) return only.length === 0 ? compiled : accessOf(only, compiled, roles.table);
  at.report(
    `"${open.kind}" restricts nothing, and a policy cannot grant access`,
    'remove it, or write "authenticated"',
  );
  return null;
}

/** Parameters are read at the positions in the policy's pattern, regardless of their names in routes. */
function anchor(condition: ConditionSource, pattern: RoutePattern): ConditionSource {
  const source = (from: ValueSource): ValueSource => (from.from === 'param' ? { ...from, pattern } : from);
  if ('subject' in condition) {
    const { subject, comparison } = condition;
    if (!('operand' in comparison) || !('source' in comparison.operand))
      return { ...condition, subject: source(subject) };
    const operand = { source: source(comparison.operand.source) };
    return { subject: source(subject), comparison: { ...comparison, operand } as Comparison };
  }
  if ('not' in condition) return { not: anchor(condition.not, pattern) };
  if ('all' in condition) return { all: condition.all.map((part) => anchor(part, pattern)) };
  return 'any' in condition ? { any: condition.any.map((part) => anchor(part, pattern)) } : condition;
}

/** The policies that apply to all patterns of the route. */
export function policiesOver(
  policies: readonly Restriction[],
  patterns: readonly RoutePattern[],
  anyCase: boolean,
  destination: Destination,
  at: Location,
): readonly Restriction[] {
  return policies.filter((policy) => {
    if (!isFor(policy, destination)) return false;
    const { id, pattern: prefix } = policy;
    const below = patterns.map((pattern) => isBelow(prefix, pattern, anyCase));
    if (below.includes('all') && below.some((one) => one !== 'all')) {
      const outside = patterns[below.findIndex((one) => one !== 'all')]!;
      const message = `the policy "${id}" is for some patterns of this route, and not for ${outside.host ?? ''}${outside.path}`;
      at.report(message, 'split it into two routes');
    }
    return below.every((one) => one === 'all');
  });
}

/** Without a credential, conditions on an identity would refuse every request or, negated, none. */
export function checkPolicyConditions(policies: readonly Restriction[], access: ReadAccess, at: Location): void {
  for (const { id, conditions } of policies) {
    const blind = (conditions ?? []).some(({ steps, unless, only, methods }) => {
      return (unless !== null || only !== null || readsOfIdentity(steps)) && !readsIdentity(access, methods);
    });
    if (!blind) continue;
    const message = `the policy "${id}" compares the identity, and no credential is read here`;
    at.at(at.at('access').isWritten ? 'access' : 'id').report(message, 'give the policy "access: authenticated"');
  }
}

/** A route with some requests below a policy would bypass it. */
export function checkReach(
  policies: readonly Restriction[],
  routes: readonly Route[],
  placeOf: (route: Route) => Location,
): void {
  for (const policy of policies) {
    const { id, pattern: prefix } = policy;
    for (const route of routes) {
      if (!isFor(policy, route)) continue;
      if (isBelow(prefix, route.pattern, mayIgnoreCase(route.reading)) !== 'some') continue;
      if (rulesIn(route.access).every(({ kind }) => kind === 'deny') || isShielded(prefix, route.pattern, routes))
        continue;
      const both = meetOf(prefix, route.pattern) ?? prefix;
      const [method = 'GET'] = route.access.every === null ? route.access.byMethod.keys() : (route.methods ?? []);
      const message = `this route matches requests below the policy "${id}", such as ${exampleOf({ pattern: both }, method)}, and others`;
      const where = `${both.host ?? ''}${both.path}`;
      placeOf(route).report(message, `add a route for ${where}, which matches them first, or narrow this one`);
    }
  }
}
