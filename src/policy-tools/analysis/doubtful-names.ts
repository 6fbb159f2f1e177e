/** Roles and upstreams that are declared and of no use, and role rules that let nobody in. */
import type { Config } from '../../config/config.ts';
import type { Identity } from '../../core/identity/identity.ts';
import type { AccessRule, RoleRule } from '../../core/policy/access.ts';
import { derivedRoles, type RoleMapping } from '../../core/policy/map-roles.ts';
import type { RoleTable } from '../../core/policy/roles.ts';
import { blank } from '../sample-identity.ts';
import { type Finding, findingOf } from './finding.ts';
import { exampleOf, methodOf, methodsToAsk, type Probes } from './probes.ts';

/** The known name that an author most likely meant; null: none is near. */
export type NearestName = (name: string, known: Iterable<string>) => string | null;

export function idleRoles({ roles, routes }: Config, nearest: NearestName): readonly Finding[] {
  const asked = askedRoles(routes.routes);
  const useful = grantingAny(asked, roles);
  const known = [...asked];
  return [...roles.keys()].flatMap((role) => {
    if (useful.has(role)) return [];
    const place = { kind: 'role', name: role } as const;
    const near = nearest(role, known);
    if (near !== null) {
      const message = `no rule asks for the role "${role}", but rules ask for "${near}"`;
      return [findingOf('role_misspelt', role, place, message, { hint: `did you mean "${near}"?` })];
    }
    const message = `no rule asks for the role "${role}", nor for one that it inherits`;
    return [findingOf('role_unused', role, place, message, { hint: 'its holders may do no more than anybody else' })];
  });
}

export function idleUpstreams({ upstreams, routes }: Config): readonly Finding[] {
  const used = new Set(routes.routes.map(({ upstream }) => upstream));
  return [...upstreams.keys()].flatMap((name) => {
    if (used.has(name)) return [];
    const message = `no route leads to the upstream "${name}"`;
    return [findingOf('upstream_unused', name, { kind: 'upstream', name }, message)];
  });
}

function askedRoles(routes: Config['routes']['routes']): ReadonlySet<string> {
  const asked = new Set<string>();
  // Routes with equal rules share them.
  const seen = new Set<AccessRule>();
  for (const { access, conditions } of routes) {
    for (const rule of [access.every, ...access.byMethod.values()]) {
      if (rule?.kind !== 'roles' || seen.has(rule)) continue;
      seen.add(rule);
      const { any, all, none } = rule.source;
      for (const role of [...any, ...all, ...none]) asked.add(role);
    }
    for (const { unlessSource } of conditions ?? []) for (const role of unlessSource) asked.add(role);
  }
  return asked;
}

/** Those roles, and all that inherit one of them at any distance. */
function grantingAny(names: ReadonlySet<string>, roles: RoleTable): ReadonlySet<string> {
  const inheritedBy = new Map<string, string[]>();
  for (const [role, inherits] of roles) {
    for (const inherited of inherits) {
      const heirs = inheritedBy.get(inherited);
      if (heirs === undefined) inheritedBy.set(inherited, [role]);
      else heirs.push(role);
    }
  }
  const granting = new Set(names);
  // A set that grows while it is walked is walked to its new end.
  for (const role of granting) for (const heir of inheritedBy.get(role) ?? []) granting.add(heir);
  return granting;
}

/**
 * Role rules that let nobody in. Holding more roles never hurts but for `none`, so a rule can be met if and only if it
 * is met by somebody who holds every role that does not meet `none`.
 */
export function unmeetableRules({ roles, roleMapping }: Config, probes: Probes): readonly Finding[] {
  const verdicts = new Map<RoleRule, boolean>();
  const unmeetable = (rule: RoleRule): boolean => {
    const known = verdicts.get(rule);
    if (known !== undefined) return known;
    const verdict = !canBeMet(rule, roles.keys(), roleMapping);
    verdicts.set(rule, verdict);
    return verdict;
  };
  return probes.table.routes.flatMap((route) => {
    const { every, byMethod } = route.access;
    const rules = [...byMethod, ...(every === null ? [] : [[null, every] as const])];
    const bad = rules.filter(([, rule]) => rule.kind === 'roles' && unmeetable(rule)).map(([method]) => method);
    if (bad.length === 0) return [];
    const others = byMethod.size === 0 ? [] : ['other methods'];
    const methods = bad.flatMap((method) => method ?? others).join(', ');
    const unlisted = methodsToAsk(route).find((method) => !byMethod.has(method));
    const message = `nobody can meet the rule${methods === '' ? '' : ` for ${methods}`}: whoever has a role that it asks for has one that it forbids`;
    const place = { kind: 'route', index: route.index, key: ['access'] } as const;
    const example = exampleOf(probes.first(route, bad[0] ?? unlisted ?? methodOf(route)));
    const hint = 'a role brings along all that it inherits; "deny" says that nobody is meant';
    return [findingOf('rule_unmeetable', route.id, place, message, { example, hint })];
  });
}

function canBeMet(rule: RoleRule, declared: Iterable<string>, mapping: RoleMapping | null): boolean {
  const names = new Set([...declared, ...rule.any, ...rule.all.flatMap((set) => [...set])]);
  const held = new Set<string>();
  for (const brought of marksOf(names, mapping)) {
    if (brought.some((role) => rule.none.has(role))) continue;
    for (const role of brought) held.add(role);
  }
  const meets = (set: ReadonlySet<string>) => [...set].some((role) => held.has(role));
  return (rule.any.size === 0 || meets(rule.any)) && rule.all.every(meets);
}

/** For each role and each value of a field that roles follow from: the roles that it brings. */
function* marksOf(names: ReadonlySet<string>, mapping: RoleMapping | null): Generator<readonly string[]> {
  const origins = mapping?.origins ?? [];
  for (const role of names) yield [role, ...derivedRoles(origins, { ...blank, roles: [role] })];
  for (const { field, values } of origins) {
    for (const value of values) {
      const identity = { ...blank, [field]: field === 'groups' || field === 'roles' ? [value] : value } as Identity;
      yield [...identity.roles, ...derivedRoles(origins, identity)];
    }
  }
}
