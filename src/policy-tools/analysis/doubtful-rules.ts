/** Role rules that no identity can meet, and parts of rules that have no effect. */
import type { Config } from '../../config/config.ts';
import type { Identity } from '../../core/identity/identity.ts';
import { type RoleRule, rulesIn } from '../../core/policy/access.ts';
import { derivedRoles, type RoleMapping } from '../../core/policy/map-roles.ts';
import { leavesOf, type RoleDemand } from '../../core/policy/role-demand.ts';
import { compileRoles, type RoleExpression, roleKeys, termInWords } from '../../core/policy/role-expression.ts';
import { entriesOf } from '../../core/routing/route-table.ts';
import { mayGive } from '../../policy-model/callers.ts';
import { exampleOf, methodOf, methodsToAsk, type Probes } from '../../policy-model/probes.ts';
import { roleWays } from '../../policy-model/role-ways.ts';
import { blank } from '../../policy-model/samples/sample-identity.ts';
import { type Finding, type FindingCode, findingOf } from './finding.ts';

/** Routes without a rule of their own or by default: they refuse every request, which their author may not expect. */
export function routesWithoutRule({ routes }: Config): readonly Finding[] {
  return entriesOf(routes.routes).flatMap(([route]) => {
    if (route.hasRule) return [];
    const place = { kind: 'route', index: route.index } as const;
    const hint = 'write who may use it, such as "access: authenticated", or "access: deny" if no caller may';
    return [findingOf('route_without_access', route.id, place, 'no rule: this route refuses every request', { hint })];
  });
}

/**
 * Role rules that no identity can meet. Each way to meet a rule forbids some roles. If any identity of a source meets it, one that has
 * every other role that the source may give does.
 */
export function unmeetableRules({ roles, roleMapping }: Config, probes: Probes): readonly Finding[] {
  const verdicts = new Map<RoleRule, boolean>();
  const unmeetable = (rule: RoleRule): boolean => {
    const known = verdicts.get(rule);
    if (known !== undefined) return known;
    const verdict = !canBeMet(rule.demand, roles.keys(), roleMapping);
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
    const message = `no identity can meet the rule${methods === '' ? '' : ` for ${methods}`}: every role that it requires includes one that it forbids`;
    const place = { kind: 'route', index: route.index, key: ['access'] } as const;
    const example = exampleOf(probes.first(route, bad[0] ?? unlisted ?? methodOf(route)));
    const hint = 'a role includes all that it inherits; write "deny" if no one may use the route';
    return [findingOf('rule_unmeetable', route.id, place, message, { example, hint })];
  });
}

function canBeMet(demand: RoleDemand, declared: Iterable<string>, mapping: RoleMapping | null): boolean {
  const sets = leavesOf(demand).map(({ roles }) => roles);
  const bitsOf = (brought: readonly string[]) =>
    sets.reduce((bits, set, at) => (brought.some((role) => set.has(role)) ? bits | (1n << BigInt(at)) : bits), 0n);
  const names = new Set([...declared, ...sets.flatMap((set) => [...set])]);
  const marks = [...marksOf(names, mapping)];
  const ways = roleWays(demand, 0, true);
  if (ways === null) return true;
  // A source that may not give a role that follows from another gives the other alone.
  return [null, ...(mapping?.limits.values() ?? [])].some((allowed) => {
    const masks = marks.map((brought) => bitsOf(mayGive(allowed, brought)));
    return ways.some(({ forbidden, sets: demands }) => {
      const total = masks.reduce((all, bits) => ((bits & forbidden) === 0n ? all | bits : all), 0n);
      return demands.every((set) => (total & set) !== 0n);
    });
  });
}

/** For each role, and for each field value that roles are derived from: the roles that it grants. */
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

/** Expressions within a rule that every identity or no identity meets, and terms that are listed twice. */
export function idleParts({ roles, roleMapping }: Config, probes: Probes): readonly Finding[] {
  const canBe = (part: RoleExpression, met: boolean) =>
    canBeMet(compileRoles(part, roles, met), roles.keys(), roleMapping);
  const hint = 'remove it, or list the intended roles';
  return probes.table.routes.flatMap((route) => {
    const problems = new Map<string, FindingCode>();
    const { own, policies } = route.restricted ?? { own: route, policies: [] };
    // A route may require what a policy requires too.
    for (const rule of [
      ...rulesIn(own.access),
      ...policies.flatMap(({ access }) => (access === null ? [] : rulesIn(access))),
    ]) {
      for (const words of rule.kind === 'roles' ? repeatedIn(rule.source) : []) {
        problems.set(`${words} is listed twice`, 'roles_repeated');
      }
    }
    for (const rule of rulesIn(route.access)) {
      if (rule.kind !== 'roles') continue;
      for (const part of partsIn(rule.source)) {
        if (part === rule.source) continue;
        const words = termInWords(part);
        if (!canBe(part, true)) problems.set(`no identity can meet the part ${words}`, 'roles_never');
        if (!canBe(part, false)) problems.set(`every identity meets the part ${words}`, 'roles_always');
      }
    }
    const place = { kind: 'route', index: route.index, key: ['access'] } as const;
    return [...problems].map(([message, code]) => findingOf(code, route.id, place, message, { hint }));
  });
}

/** Terms that one list contains twice, in words. */
function repeatedIn(expression: RoleExpression): readonly string[] {
  return partsIn(expression).flatMap((part) =>
    roleKeys.flatMap((key) => {
      const words = (part[key] ?? []).map(termInWords);
      return words.filter((word, at) => words.indexOf(word) !== at);
    }),
  );
}

/** The expression and all expressions within it. */
function partsIn(part: RoleExpression): readonly RoleExpression[] {
  const terms = roleKeys.flatMap((key) => part[key] ?? []);
  return [part, ...terms.flatMap((term) => (typeof term === 'string' ? [] : partsIn(term)))];
}
