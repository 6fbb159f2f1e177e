/** Declared roles: that names mean roles, that what they inherit is declared, and that inheritance ends. */

import { isAccessWord } from '../schema/access.ts';
import type { ConfigFile, Parts } from '../schema.ts';
import type { Check } from './check.ts';

/** Role to what it inherits; null when the section cannot be read, so that no role counts as undeclared. */
export type DeclaredRoles = ReadonlyMap<string, readonly string[]> | null;

export function checkRoles(roles: Parts<ConfigFile>['roles'], check: Check): DeclaredRoles {
  if (roles === undefined) return null;
  const declared = new Map<string, readonly string[]>();
  for (const name of check.keys(['roles']) ?? []) {
    if (isAccessWord(name)) check.atKey(['roles', name], `"${name}" is a word of access rules and cannot name a role`);
    declared.set(name, []);
  }
  for (const [name, role] of Object.entries(roles)) {
    const inherits: string[] = [];
    role?.inherits?.forEach((inherited, index) => {
      if (inherited === undefined) return;
      if (declared.has(inherited)) inherits.push(inherited);
      else reportUndeclared(inherited, ['roles', name, 'inherits', index], declared, check);
    });
    declared.set(name, inherits);
  }
  reportCircles(declared, check);
  return declared;
}

export function reportUndeclared(
  role: string,
  path: readonly (string | number)[],
  declared: ReadonlyMap<string, unknown>,
  check: Check,
): void {
  const declaration = check.isOwn(path) ? `declare it: "${role}: {}"` : null;
  const hint = check.nearest(path, role, declared.keys()) ?? declaration;
  check.at(path, `the role ${check.quote(path, role)} is not declared under "roles"`, hint);
}

/** Depth first with a list of its own: a chain of ten thousand roles must not end the stack. */
function reportCircles(declared: ReadonlyMap<string, readonly string[]>, check: Check): void {
  const done = new Set<string>();
  for (const start of declared.keys()) {
    const trail: { role: string; next: number }[] = [{ role: start, next: 0 }];
    const onTrail = new Set([start]);
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const index = top.next;
      const inherited = declared.get(top.role)?.[index];
      if (inherited === undefined || done.has(top.role)) {
        done.add(top.role);
        onTrail.delete(top.role);
        trail.pop();
        continue;
      }
      top.next += 1;
      if (onTrail.has(inherited)) {
        const names = trail.map(({ role }) => role);
        const circle = [...names.slice(names.indexOf(inherited)), inherited].join(' -> ');
        check.at(['roles', top.role, 'inherits'], `roles inherit in a circle: ${circle}`, 'remove one of these');
      } else if (!done.has(inherited)) {
        trail.push({ role: inherited, next: 0 });
        onTrail.add(inherited);
      }
    }
  }
}
