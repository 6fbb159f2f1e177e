/**
 * The compiled role requirements of a rule, and whether roles meet them. Inheritance is compiled in: a set contains every role that grants
 * the given one, so a request only compares the identity's own roles with sets. Negation applies only to sets.
 */

/** A requirement on roles. */
export type RoleDemand = RoleLeaf | { readonly kind: 'all' | 'any'; readonly parts: readonly RoleDemand[] };

/** One of the roles is held, or none of them. */
export interface RoleLeaf {
  readonly kind: 'holds' | 'lacks';
  readonly roles: ReadonlySet<string>;
}

/**
 * Null: the demand is met. `role_forbidden`: an excluded role is held, regardless of the others. `holds`: whether one of the roles of a
 * leaf is held.
 */
export function checkRoles<Holder>(
  demand: RoleDemand,
  holder: Holder,
  holds: (holder: Holder, leaf: RoleLeaf) => boolean,
): 'role_missing' | 'role_forbidden' | null {
  if (isMet(demand, holder, holds)) return null;
  for (const part of conjunctsOf(demand)) if (part.kind === 'lacks' && holds(holder, part)) return 'role_forbidden';
  return 'role_missing';
}

/** Demands that must all be met. */
export function conjunctsOf(demand: RoleDemand): readonly RoleDemand[] {
  return demand.kind === 'all' ? demand.parts : [demand];
}

function isMet<Holder>(
  demand: RoleDemand,
  holder: Holder,
  holds: (holder: Holder, leaf: RoleLeaf) => boolean,
): boolean {
  switch (demand.kind) {
    case 'holds':
      return holds(holder, demand);
    case 'lacks':
      return !holds(holder, demand);
    case 'all':
      for (const part of demand.parts) if (!isMet(part, holder, holds)) return false;
      return true;
    case 'any':
      for (const part of demand.parts) if (isMet(part, holder, holds)) return true;
      return false;
  }
}

/** Whether one of the roles of a leaf is among those that are held. */
export function meets(ownRoles: readonly string[], { roles }: RoleLeaf): boolean {
  for (const role of ownRoles) if (roles.has(role)) return true;
  return false;
}

/** Leaves in order. */
export function leavesOf(demand: RoleDemand): readonly RoleLeaf[] {
  return 'parts' in demand ? demand.parts.flatMap(leavesOf) : [demand];
}
