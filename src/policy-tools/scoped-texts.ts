/** Roles with a scope, from the form that rules know to that in which an identity has them, and to the place of their parameter. */
import { roleInScope, type ScopedRole, scopedRole } from '../core/policy/role-scopes.ts';
import type { RoutePattern } from '../core/url/path-pattern.ts';
import { withoutTextAround } from './segment-samples.ts';

/** `scopeOf`: the scope that a parameter names; null: none, and then the role does not count. */
export function asHeld(roles: readonly string[], scopeOf: (scoped: ScopedRole) => string | null): readonly string[] {
  return roles.flatMap((role) => {
    const scoped = scopedRole(role);
    if (scoped === null) return isUnread(role) ? [] : [role];
    const scope = scopeOf(scoped);
    return scope === null ? [] : (roleInScope(scoped, scope) ?? []);
  });
}

/** Stands for a scope that cannot be read. */
function isUnread(role: string): boolean {
  return /^\{.+\}\?$/.test(role);
}

/** With the place of each parameter and the text around it for its name, as two routes may name one place differently. */
export function placedRoles(roles: ReadonlySet<string>, { segments }: RoutePattern): ReadonlySet<string> {
  if (![...roles].some((role) => role.includes('{'))) return roles;
  const placeOf = (name: string) => {
    const at = segments.findIndex((one) => one.kind === 'param' && one.name === name);
    const segment = segments[at];
    const form = segment?.kind === 'param' ? segment.form : null;
    return `${at}_${hex(form?.before)}_${hex(form?.after)}`;
  };
  return new Set([...roles].map((role) => role.replace(/\{(\w+)\}/, (_, name: string) => `{${placeOf(name)}}`)));
}

/** The segment that names the scope of such a role; null: it has no scope. */
export function scopePlace(role: string): { readonly at: number; readonly isUnread: boolean } | null {
  const [, at] = /\{(\d+)_\w*\}/.exec(role) ?? [];
  return at === undefined ? null : { at: Number(at), isUnread: isUnread(role) };
}

/** Such roles as an identity has them that holds them on a path. */
export function heldOn(path: string, roles: readonly string[]): readonly string[] {
  const segments = path.slice(1).split('/');
  return asHeld(roles, ({ param }) => {
    const [, at, before = '', after = ''] = /^(\d+)_([0-9a-f]*)_([0-9a-f]*)$/.exec(param ?? '') ?? [];
    const written = at === undefined ? undefined : segments[Number(at)];
    if (written === undefined || written.includes('%FF')) return null;
    return withoutTextAround({ before: text(before), after: text(after), shape: null }, decodeURIComponent(written));
  });
}

/** For people: whatever the parameter is called. */
export function placedInWords(role: string): string {
  return isUnread(role) ? 'in a scope that cannot be read' : role.replace(/\{\d+_\w*\}/, '{scope}');
}

function hex(of = ''): string {
  return Buffer.from(of).toString('hex');
}

function text(of: string): string {
  return Buffer.from(of, 'hex').toString();
}
