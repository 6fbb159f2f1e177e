/** Declared roles: valid names, declared and acyclic inheritance, and origins. */
import { credentialKinds } from '../../core/credential/credential.ts';
import type { UserNaming } from '../../core/identity/user-naming.ts';
import { compileRoleMapping, type RoleMapping, type RoleOrigin } from '../../core/policy/map-roles.ts';
import type { RoleTable } from '../../core/policy/roles.ts';
import { isAccessWord } from '../schema/access.ts';
import { listed } from '../schema/scalar.ts';
import type { ConfigFile } from '../schema.ts';
import { readForms, reportScopesOfHeirs } from './check-role-scopes.ts';
import type { Location } from './location.ts';

export interface DeclaredRoles {
  /** By name as written, each in the form of rules. */
  readonly forms: ReadonlyMap<string, string>;
  /** Each role in the form of rules, with those that it inherits. */
  readonly table: RoleTable;
}

/** In the form of rules. */
export function formOf(role: string, declared: DeclaredRoles): string {
  return declared.forms.get(role) ?? role;
}

type Roles = ConfigFile['roles'];
type OriginEntry = Exclude<NonNullable<Roles[string]['from']>, readonly unknown[]>;

const kinds: readonly string[] = credentialKinds;
const maxOrigins = 1000;

/** `at`: of the section, also below. */
export function checkRoles(roles: Roles, at: Location): DeclaredRoles {
  const declared = new Map<string, readonly string[]>();
  for (const name of Object.keys(roles)) {
    if (isAccessWord(name)) at.at(name).reportKey(`"${name}" is a word of access rules and cannot name a role`);
    declared.set(name, []);
  }
  const forms = readForms(roles, at);
  const names: DeclaredRoles = { forms, table: declared };
  for (const [name, { inherits }] of Object.entries(roles)) {
    inherits.forEach((inherited, index) => {
      const there = at.at(name, 'inherits', index);
      reportUndeclared(inherited, there, names);
      reportScopesOfHeirs(name, inherited, forms, there);
    });
    const known = inherits.filter((inherited) => declared.has(inherited));
    declared.set(name, known);
  }
  reportCircles(declared, at);
  const ofRules = (name: string) => formOf(name, names);
  return { forms, table: new Map([...declared].map(([name, inherits]) => [ofRules(name), inherits.map(ofRules)])) };
}

/** `at`: of the name of the role. */
export function reportUndeclared(role: string, at: Location, declared: DeclaredRoles): void {
  if (declared.forms.has(role)) return;
  const declaration = at.isOwn ? `declare it: "${role}: {}"` : null;
  const hint = at.nearest(role, declared.forms.keys()) ?? declaration;
  at.report(`the role ${at.quote(role)} is not declared under "roles"`, hint);
}

/** Depth first with an explicit stack: a chain of ten thousand roles must not overflow the call stack. */
function reportCircles(declared: ReadonlyMap<string, readonly string[]>, at: Location): void {
  const done = new Set<string>();
  for (const start of declared.keys()) {
    const trail: { role: string; next: number }[] = [{ role: start, next: 0 }];
    const onTrail = new Set([start]);
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const inherited = declared.get(top.role)?.[top.next];
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
        at.at(top.role, 'inherits').report(`roles inherit each other in a cycle: ${circle}`, 'remove one of these');
      } else if (!done.has(inherited)) {
        trail.push({ role: inherited, next: 0 });
        onTrail.add(inherited);
      }
    }
  }
}

/** Where roles come from (`from`): each has a field of the identity and the values that grant the role. */
export function checkRoleOrigins(
  roles: Roles,
  naming: ReadonlyMap<string, UserNaming>,
  at: Location,
): RoleMapping | null {
  const origins = Object.entries(roles).flatMap(([role, { from }]) => {
    const there = at.at(role, 'from');
    if (from === undefined) return [];
    return Array.isArray(from)
      ? from.map((origin, index) => readOrigin(role, origin, there.at(index)))
      : [readOrigin(role, from, there)];
  });
  if (origins.length > maxOrigins) at.report(`at most ${maxOrigins} comparisons of "from" in all roles`);
  const limits = [...naming].flatMap(([name, users]) => (users.roles === null ? [] : [[name, users.roles] as const]));
  return compileRoleMapping(origins, new Map(limits));
}

function readOrigin(role: string, origin: OriginEntry, at: Location): RoleOrigin {
  const { field, equals = '' } = origin;
  const values = origin.in ?? [equals];
  values.forEach((value, index) => {
    if (field !== 'kind' || kinds.includes(value)) return;
    const there = origin.in === undefined ? at.at('equals') : at.at('in', index);
    there.report(`expected ${listed(kinds)}`, 'these are the kinds of credential');
  });
  return { role, field, values: new Set(values) };
}
