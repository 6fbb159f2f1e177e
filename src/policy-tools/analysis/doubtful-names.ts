/** Roles and upstreams that are declared but have no effect. */
import type { Config } from '../../config/config.ts';
import type { AccessRule } from '../../core/policy/access.ts';
import { rolesIn } from '../../core/policy/role-expression.ts';
import type { RoleTable } from '../../core/policy/roles.ts';
import { type Finding, findingOf } from './finding.ts';

/** The known name that an author most likely meant; null if none is close enough. */
export type NearestName = (name: string, known: Iterable<string>) => string | null;

export function idleRoles({ roles, routes }: Config, nearest: NearestName): readonly Finding[] {
  const names = askedRoles(routes.routes);
  const useful = grantingAny(names, roles);
  const known = [...names];
  return [...roles.keys()].flatMap((role) => {
    if (useful.has(role)) return [];
    const place = { kind: 'role', name: role } as const;
    const near = nearest(role, known);
    if (near !== null) {
      const message = `no rule requires the role "${role}", but rules require "${near}"`;
      return [findingOf('role_misspelt', role, place, message, { hint: `did you mean "${near}"?` })];
    }
    const message = `no rule requires the role "${role}" or one that it inherits`;
    return [findingOf('role_unused', role, place, message, { hint: 'it grants nothing' })];
  });
}

export function idleUpstreams({ upstreams, routes }: Config): readonly Finding[] {
  const used = new Set(routes.routes.map(({ upstream }) => upstream));
  return [...upstreams.keys()].flatMap((name) => {
    if (used.has(name)) return [];
    const message = `no route uses the upstream "${name}"`;
    return [findingOf('upstream_unused', name, { kind: 'upstream', name }, message)];
  });
}

function askedRoles(routes: Config['routes']['routes']): ReadonlySet<string> {
  const names = new Set<string>();
  // Routes with equal rules share one object.
  const seen = new Set<AccessRule>();
  for (const { access, conditions } of routes) {
    for (const rule of [access.every, ...access.byMethod.values()]) {
      if (rule?.kind !== 'roles' || seen.has(rule)) continue;
      seen.add(rule);
      for (const role of rolesIn(rule.source)) names.add(role);
    }
    for (const { unlessSource, onlySource } of conditions ?? [])
      for (const role of [...unlessSource, ...onlySource]) names.add(role);
  }
  return names;
}

/** Those roles, and all roles that inherit one of them directly or indirectly. */
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
  // Iterating over a set includes the elements that are added meanwhile.
  for (const role of granting) for (const heir of inheritedBy.get(role) ?? []) granting.add(heir);
  return granting;
}
