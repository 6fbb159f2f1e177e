/**
 * Sets of roles worth trying on a rule: those that meet it in each way, miss it in each way, and differ from one of them by one
 * role.
 */
import type { AccessRule } from '../core/policy/access.ts';
import { type RoleTerm, roleKeys, rolesIn } from '../core/policy/role-expression.ts';
import { type RoleTable, rolesThatGrant } from '../core/policy/roles.ts';

export type RoleSet = readonly string[];

/** Sets that meet the rule, and sets that miss a part of it. */
export function likelySets(rule: AccessRule, roles: RoleTable): readonly RoleSet[] {
  if (rule.kind !== 'roles') return unlike([[], ...[...roles.keys()].slice(0, 4).map((role) => [role])]);
  const meeting = waysOf(rule.source, true).flatMap(({ held, without }) => [
    held,
    [...held, ...without.slice(0, 1)],
    held.slice(1),
  ]);
  return unlike([[], ...meeting]);
}

/**
 * With each forbidden or exempt role, without each required one, with heirs of these, and with all others: one more role must not
 * grant access.
 */
export function furtherSets(rule: AccessRule, exempt: RoleSet, roles: RoleTable): readonly RoleSet[] {
  const expression = rule.kind === 'roles' ? rule.source : {};
  const [meeting, missing] = [waysOf(expression, true).slice(0, maxMeeting), waysOf(expression, false)];
  const asked = new Set([...rolesIn(expression), ...exempt]);
  const unwanted = rolesIn(expression, 'unwanted');
  const others = (names: Iterable<string>) => {
    const granting = new Set([...names].flatMap((role) => [...rolesThatGrant(role, roles)]));
    return [...roles.keys()].filter((role) => !granting.has(role));
  };
  const heirs = [...asked].flatMap((role) => [...rolesThatGrant(role, roles)].map((heir) => [heir, role] as const));
  return unlike([
    ...meeting.flatMap(({ held }) => [
      ...[...asked].filter((role) => !held.includes(role)).map((role) => [...held, role]),
      ...held.map((role) => held.filter((name) => name !== role)),
    ]),
    ...missing.flatMap((way) => meeting.map(({ held }) => [...way.held, ...held])),
    ...heirs.map(([heir]) => [heir]),
    ...meeting.flatMap(({ held }) =>
      heirs.flatMap(([heir, role]) => (held.includes(role) ? [[...held.filter((name) => name !== role), heir]] : [])),
    ),
    ...missing.map(({ held, without }) => {
      return [...held, ...others([...without, ...unwanted.filter((role) => !held.includes(role))])];
    }),
    ...meeting.slice(0, 1).map(({ held }) => [...held, ...others([...unwanted, ...exempt])]),
  ]);
}

/** Maximum ways to meet or miss a rule, because there can be very many. */
const maxWays = 64;
const maxMeeting = 8;

interface Way {
  readonly held: RoleSet;
  readonly without: RoleSet;
}

function waysOf(term: RoleTerm, wanted: boolean): readonly Way[] {
  if (typeof term === 'string') return [wanted ? { held: [term], without: [] } : { held: [], without: [term] }];
  const lists = roleKeys.flatMap((key) => {
    const terms = term[key];
    if (terms === undefined) return [];
    const each = terms.map((one) => waysOf(one, key === 'none' ? !wanted : wanted));
    return [(key === 'any') === wanted ? each.flat() : together(each)];
  });
  return (wanted ? together(lists) : lists.flat()).slice(0, maxWays);
}

function together(parts: readonly (readonly Way[])[]): readonly Way[] {
  return parts.reduce<readonly Way[]>(
    (joined, ways) =>
      joined
        .flatMap((one) =>
          ways.map((way): Way => {
            return { held: [...one.held, ...way.held], without: [...one.without, ...way.without] };
          }),
        )
        .filter(({ held, without }) => !held.some((role) => without.includes(role)))
        .slice(0, maxWays),
    [{ held: [], without: [] }],
  );
}

function unlike(sets: Iterable<RoleSet>): readonly RoleSet[] {
  return [...new Map([...sets].map((held) => [...new Set(held)]).map((held) => [held.join(), held])).values()];
}
