/** Declared roles and what each inherits. */

/** Role name to the names that it inherits directly. */
export type RoleTable = ReadonlyMap<string, readonly string[]>;

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
