/** Roles that are held in a scope (`scopedBy`): the form in which sources write them, and that each form is unambiguous. */

import { roleInScope, scopedRole, scopeOf } from '../../core/identity/scoped-role.ts';
import { compileRouteAccess } from '../../core/policy/access.ts';
import type { Restriction, RouteRules } from '../../core/policy/restrictions.ts';
import { scopesOfRoute } from '../../core/policy/scopes-of-route.ts';
import { placeOfParam, type RoutePattern } from '../../core/url/path-pattern.ts';
import type { ConfigFile } from '../schema.ts';
import type { Location } from './location.ts';

type Roles = ConfigFile['roles'];

const defaultFormat = '{scope}:{role}';

/** By name, each role in the form of rules: `{tenant}:editor` for a scoped role, otherwise its name. */
export function readForms(roles: Roles, at: Location): ReadonlyMap<string, string> {
  const forms = new Map(Object.entries(roles).map(([name, role]) => [name, readForm(name, role, at.at(name)) ?? name]));
  reportTwofold(forms, at);
  return forms;
}

/** Null: it has no scope, or there are problems. */
function readForm(name: string, { scopedBy, format, from }: Roles[string], at: Location): string | null {
  if (scopedBy === undefined) {
    if (format !== undefined) at.at('format').reportKey('"format" has no meaning without "scopedBy"', 'remove it');
    return null;
  }
  if (from !== undefined) {
    const message = 'a role with a scope cannot be derived from other fields, which contain no scope';
    at.at('from').reportKey(message, 'the source must provide it, in the form of "format"');
  }
  const template = format ?? defaultFormat;
  const form = template.replaceAll('{role}', name).replaceAll('{scope}', `{${scopedBy}}`);
  const scoped = scopedRole(form);
  if (scoped === null || scoped.param !== scopedBy) {
    const message = `expected a form with {scope} or {${scopedBy}} once`;
    at.at('format').report(message, `such as "${defaultFormat}", which is the default`);
  } else if (/[A-Za-z0-9]$/.test(scoped.before) || /^[A-Za-z0-9]/.test(scoped.after)) {
    at.at('format').report('nothing separates the scope from the rest', 'put a character such as ":" between them');
  } else if (scoped.before + scoped.after === '') {
    at.at('format').report('this form is the scope alone', `such as "${defaultFormat}", which is the default`);
  } else return form;
  return null;
}

/** A role of an identity must not match two roles, or one role in two scopes. */
function reportTwofold(forms: ReadonlyMap<string, string>, at: Location): void {
  const names = [...forms];
  for (const [index, [name, form]] of names.entries()) {
    if (scopedRole(form) === null) continue;
    for (const [otherIndex, [other, otherForm]] of names.entries()) {
      const isScoped = scopedRole(otherForm) !== null;
      if (other === name || (isScoped && otherIndex > index)) continue;
      const example = commonText(form, otherForm);
      if (example === null) continue;
      const message = `"${example}" is both this role and the role "${other}"`;
      at.at(name).at('scopedBy').report(message, 'give one of them another format');
      break;
    }
  }
}

/** A role of an identity that fits both forms, or null. */
export function commonText(form: string, other: string): string | null {
  const [a, b] = [scopedRole(form), scopedRole(other)];
  if (a === null || b === null) {
    const [scoped, text] = a === null ? [b, form] : [a, other];
    return scoped !== null && scopeOf(scoped, text) !== null ? text : null;
  }
  const before = a.before.length > b.before.length ? a.before : b.before;
  const after = a.after.length > b.after.length ? a.after : b.after;
  const texts = [`${before}x${after}`];
  for (let joint = 0; joint <= Math.min(before.length, after.length); joint += 1) {
    if (before.endsWith(after.slice(0, joint))) texts.push(before + after.slice(joint));
  }
  return texts.find((text) => scopeOf(a, text) !== null && scopeOf(b, text) !== null) ?? null;
}

/** `inherits` of roles with a scope. */
export function reportScopesOfHeirs(
  name: string,
  inherited: string,
  forms: ReadonlyMap<string, string>,
  at: Location,
): void {
  const own = scopedRole(forms.get(name) ?? name);
  if (own === null) return;
  const other = scopedRole(forms.get(inherited) ?? inherited);
  if (other?.param === own.param) return;
  const extent = other === null ? 'everywhere' : `in one {${other.param}}`;
  const message = `a role that is held in one {${own.param}} cannot inherit ${at.quote(inherited)}, which is held ${extent}`;
  const scoped = `give ${at.quote(inherited)} the same scope ("scopedBy: ${own.param}"), or this one none`;
  at.report(message, other === null ? scoped : 'a role without "scopedBy" can inherit both');
}

/** Such as `acme:editor`. */
export function exampleOf(form: string): string {
  const scoped = scopedRole(form);
  return scoped === null ? form : (roleInScope(scoped, 'acme') ?? form);
}

const anyIdentity = compileRouteAccess('authenticated', new Map());

/** The paths of a route must contain the scopes that its rules, or those of policies, require. `at`: of the route. */
export function checkScopes(
  own: RouteRules,
  policies: readonly Restriction[],
  patterns: readonly RoutePattern[],
  at: Location,
): void {
  for (const { params, path } of patterns) {
    const lacking = scopesOfRoute(own)?.find(({ param }) => param !== null && !params.includes(param));
    if (lacking === undefined) continue;
    const place = at.at('access').isWritten ? at.at('access') : at.at('match');
    const message = `the role ${lacking.role} is held in one {${lacking.param}}, and the path "${path}" has no parameter {${lacking.param}}`;
    place.report(message, `put {${lacking.param}} into the path, or require a role without a scope`);
  }
  for (const { id, pattern, access, conditions } of policies) {
    const scopes = scopesOfRoute({ access: access ?? anyIdentity, conditions }) ?? [];
    for (const { params, path, segments } of patterns) {
      const lacking = scopes.find(({ param }) => {
        if (param === null || !params.includes(param)) return true;
        const place = pattern.params.includes(param) ? placeOfParam({ name: param }, pattern) : null;
        return place !== null && place !== placeOfParam({ name: param }, { ...pattern, params, path, segments });
      });
      if (lacking === undefined) continue;
      const message = `the policy "${id}" requires ${lacking.role}, and the path "${path}" does not name {${lacking.param}} where the policy does`;
      at.at('match').report(message, 'name the parameter as the policy does');
    }
  }
}
