/** Declared roles and what each inherits. */

/** Role name to the names that it inherits directly. */
export type RoleTable = ReadonlyMap<string, readonly string[]>;

/** Checks that inheritance ends; throws `RangeError` that shows the circle. */
export function compileRoles(declared: RoleTable): RoleTable {
  const done = new Set<string>();
  const visit = (role: string, trail: readonly string[]): void => {
    if (trail.includes(role)) {
      throw new RangeError(`roles inherit in a circle: ${[...trail.slice(trail.indexOf(role)), role].join(' -> ')}`);
    }
    if (done.has(role)) return;
    for (const inherited of declared.get(role) ?? []) visit(inherited, [...trail, role]);
    done.add(role);
  };
  for (const role of declared.keys()) visit(role, []);
  return declared;
}

/** Every role whose holder also holds `role`: itself and all that inherit it, at any distance. */
export function rolesThatGrant(role: string, table: RoleTable): Set<string> {
  const granting = new Set([role]);
  let grown = true;
  while (grown) {
    grown = false;
    for (const [name, inherits] of table) {
      if (!granting.has(name) && inherits.some((inherited) => granting.has(inherited))) {
        granting.add(name);
        grown = true;
      }
    }
  }
  return granting;
}
