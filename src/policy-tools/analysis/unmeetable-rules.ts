/**
 * Role rules that let nobody in. Holding more roles never hurts but for `none`, so a rule can be met if and only if it
 * is met by somebody who holds every role that does not meet `none`.
 */
import type { Config } from '../../config/config.ts';
import type { Identity } from '../../core/identity/identity.ts';
import type { RoleRule } from '../../core/policy/access.ts';
import { derivedRoles, type RoleMapping } from '../../core/policy/map-roles.ts';
import { blank } from '../sample-identity.ts';
import { type Finding, findingOf } from './finding.ts';
import { exampleOf, methodOf, type Probes } from './probes.ts';

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
    const rules = every === null ? [...byMethod] : [[null, every] as const];
    const bad = rules.filter(([, rule]) => rule.kind === 'roles' && unmeetable(rule)).map(([method]) => method);
    if (bad.length === 0) return [];
    const methods = bad.filter((method) => method !== null).join(', ');
    const message = `nobody can meet the rule${methods === '' ? '' : ` for ${methods}`}: whoever has a role that it asks for has one that it forbids`;
    const place = { kind: 'route', index: route.index, key: ['access'] } as const;
    const example = exampleOf(probes.first(route, bad[0] ?? methodOf(route)));
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
