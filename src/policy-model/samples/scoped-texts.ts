/** Converts roles with a scope from the form in rules to the form in an identity, and to the place of their parameter. */
import { roleInScope, type ScopedRole, scopedRole } from '../../core/identity/scoped-role.ts';
import type { RoutePattern } from '../../core/url/path-pattern.ts';
import { withoutTextAround } from './segment-samples.ts';

/** `scopeOf`: the scope that a parameter specifies. Null: it specifies none, and the role does not count. */
export function asHeld(roles: readonly string[], scopeOf: (scoped: ScopedRole) => string | null): readonly string[] {
  return roles.flatMap((role) => {
    const scoped = scopedRole(role);
    if (scoped === null) return isUnread(role) ? [] : [role];
    const scope = scopeOf(scoped);
    return scope === null ? [] : (roleInScope(scoped, scope) ?? []);
  });
}

/** Whether the role's scope cannot be parsed. */
export function isUnread(role: string): boolean {
  return /^\{.+\}\?$/.test(role);
}

/** Replaces each parameter's name with its place and the text around it, because two routes may name one place differently. */
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

/** The segment that specifies the scope of a role; null: the role has no scope. */
export function scopePlace(role: string): { readonly at: number; readonly isUnread: boolean } | null {
  const [, at] = /\{(\d+)_\w*\}/.exec(role) ?? [];
  return at === undefined ? null : { at: Number(at), isUnread: isUnread(role) };
}

/** The roles in the form of an identity that has them on a path. */
export function heldOn(path: string, roles: readonly string[]): readonly string[] {
  const segments = path.slice(1).split('/');
  return asHeld(roles, ({ param }) => {
    if (param === null) return 'elsewhere';
    const [, at, before = '', after = ''] = /^(\d+)_([0-9a-f]*)_([0-9a-f]*)$/.exec(param ?? '') ?? [];
    const segment = at === undefined ? undefined : segments[Number(at)];
    if (segment === undefined || segment.includes('%FF')) return null;
    return withoutTextAround({ before: text(before), after: text(after), shape: null }, decodeURIComponent(segment));
  });
}

/** For output, regardless of the parameter's name. */
export function placedInWords(role: string): string {
  return isUnread(role) ? 'in a scope that cannot be read' : role.replace(/\{\d+_\w*\}/, '{scope}');
}

function hex(of = ''): string {
  return Buffer.from(of).toString('hex');
}

function text(of: string): string {
  return Buffer.from(of, 'hex').toString();
}
