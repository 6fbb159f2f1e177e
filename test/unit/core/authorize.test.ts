/** Access rules: any, all and none, with inheritance; and how rules are compiled from the configuration. */
import { describe, expect, test } from 'vitest';
import { checkRule } from '../../../src/core/authorize.ts';
import {
  type AccessRule,
  type AccessSource,
  compileRouteAccess,
  compileRule,
} from '../../../src/core/policy/access.ts';
import { makeIdentity, roles } from './make-policy.ts';

/** The reason of the refusal; `held` null: an anonymous caller. */
function reasonFor(rule: AccessRule, held: readonly string[] | null): string | null {
  const identity = held === null ? null : makeIdentity({ roles: held });
  return checkRule(rule, identity);
}

const rows: [name: string, rule: AccessSource, held: string[], expected: string | null][] = [
  ['authenticated, no role', 'authenticated', [], null],
  ['public', 'public', [], null],
  ['optional', 'optional', [], null],
  ['deny, with every role', 'deny', ['admin', 'user', 'reporter'], 'access_denied'],
  ['list: held', ['user'], ['user'], null],
  ['list: one of two held', ['user', 'auditor'], ['auditor'], null],
  ['list: another held', ['user'], ['suspended'], 'role_missing'],
  ['list: none held', ['user'], [], 'role_missing'],
  ['list: inherited', ['user'], ['admin'], null],
  ['list: not inherited downwards', ['admin'], ['reporter', 'user'], 'role_missing'],
  ['list: undeclared role', ['auditor'], ['auditor'], null],
  ['any: held', { any: ['user', 'auditor'] }, ['reporter'], null],
  ['any: not held', { any: ['auditor', 'admin'] }, ['reporter'], 'role_missing'],
  ['all: held', { all: ['user', 'auditor'] }, ['auditor', 'user'], null],
  ['all: one missing', { all: ['user', 'auditor'] }, ['user'], 'role_missing'],
  ['all: one by inheritance', { all: ['user', 'auditor'] }, ['auditor', 'admin'], null],
  ['all: two by one role', { all: ['user', 'reporter'] }, ['admin'], null],
  ['none: no such role', { none: ['suspended'] }, ['user'], null],
  ['none: no roles', { none: ['suspended'] }, [], null],
  ['none: held', { none: ['suspended'] }, ['user', 'suspended'], 'role_forbidden'],
  ['none: held by inheritance', { none: ['user'] }, ['admin'], 'role_forbidden'],
  ['all and none', { all: ['admin'], none: ['suspended'] }, ['admin'], null],
  ['all met, none broken', { all: ['admin'], none: ['suspended'] }, ['admin', 'suspended'], 'role_forbidden'],
  ['any and all: any missing', { any: ['auditor'], all: ['user'] }, ['user'], 'role_missing'],
  ['any and all: all missing', { any: ['auditor'], all: ['user'] }, ['auditor'], 'role_missing'],
  ['any, all and none met', { any: ['auditor'], all: ['user'], none: ['suspended'] }, ['auditor', 'user'], null],
  ['case matters', ['user'], ['User', 'USER'], 'role_missing'],
  ['blanks matter', ['user'], ['user ', ' user'], 'role_missing'],
  ['a part of a name does not match', ['user'], ['users', 'use', 'user,admin'], 'role_missing'],
  ['prototype names are not roles', ['user'], ['__proto__', 'constructor', 'hasOwnProperty'], 'role_missing'],
  ['a prototype name in the rule', ['constructor'], ['user'], 'role_missing'],
  ['an empty role name', ['user'], [''], 'role_missing'],
];

describe('rules', () => {
  test.each(rows)('%s', (_name, rule, held, expected) => {
    expect(reasonFor(compileRule(rule, roles), held)).toBe(expected);
    expect(reasonFor(compileRule(rule, roles), [...held].reverse())).toBe(expected);
  });

  test('a list without a role allows no caller', () => {
    for (const held of [[], ['user'], ['admin']]) {
      expect(reasonFor(compileRule([], roles), held)).not.toBeNull();
    }
  });

  test.each([
    ['public', 'public', null],
    ['optional', 'optional', null],
    ['authenticated', 'authenticated', 'access_denied'],
    ['deny', 'deny', 'access_denied'],
    ['a list', ['user'], 'access_denied'],
    ['no role of some', { none: ['user'] }, 'access_denied'],
  ] as [string, AccessSource, string | null][])('an anonymous caller and %s', (_name, rule, expected) => {
    expect(reasonFor(compileRule(rule, roles), null)).toBe(expected);
  });

  test('refuses a caller with both a missing and a forbidden role', () => {
    const rule = compileRule({ any: ['admin'], none: ['suspended'] }, roles);
    expect(['role_missing', 'role_forbidden']).toContain(reasonFor(rule, ['suspended']));
  });

  test('keeps the configured form for output', () => {
    expect(compileRule({ any: ['user'], all: ['admin'], none: ['suspended'] }, roles)).toMatchObject({
      kind: 'roles',
      source: { any: ['user'], all: ['admin'], none: ['suspended'] },
    });
  });
});

describe('rules by method', () => {
  test('one rule for every method has no Allow list', () => {
    const access = compileRouteAccess(['user'], roles);
    expect(access.every).toMatchObject({ kind: 'roles' });
    expect(access.byMethod.size).toBe(0);
  });

  test.each([
    ['HEAD follows GET', { GET: 'public' }, 'GET, HEAD'],
    ['HEAD has its own rule', { HEAD: 'deny', GET: 'public' }, 'GET, HEAD'],
    ['no HEAD without GET', { POST: 'public', DELETE: 'deny' }, 'DELETE, POST'],
  ] as [string, Record<string, AccessSource>, string][])('Allow: %s', (_name, source, allow) => {
    const access = compileRouteAccess(new Map(Object.entries(source)), roles);
    expect(access.every).toBeNull();
    expect(access.allow).toBe(allow);
    for (const method of Object.keys(source)) expect(access.byMethod.get(method)).toEqual({ kind: source[method] });
  });
});
