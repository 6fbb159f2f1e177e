/** Whom the identities of sources stand for: which sources count as one, which ids are refused, which roles are given. */
import { expect, test } from 'vitest';
import { compileNaming, type NamingSettings, rolesFrom, userIdOf } from '../../../src/core/identity/user-naming.ts';

const source = (name: string, more: Partial<NamingSettings> = {}): NamingSettings => ({
  ...{ name, issuer: null, userPrefix: '', roles: null },
  ...more,
});

test('sources with the same issuer count as one, under the name of the first', () => {
  const naming = compileNaming([
    source('authApi', { issuer: 'https://b.test' }),
    source('opaque', { issuer: 'https://a.test', userPrefix: 'a:' }),
    source('tokens', { issuer: 'https://a.test', userPrefix: 'a:' }),
    source('profile'),
    source('late', { issuer: 'https://b.test' }),
  ]);
  expect([...naming].map(([name, { source }]) => [name, source])).toEqual([
    ['authApi', 'authApi'],
    ['opaque', 'opaque'],
    ['tokens', 'opaque'],
    ['profile', 'profile'],
    ['late', 'authApi'],
  ]);
  // Ids with their own prefix are not foreign.
  expect([...naming].map(([, { foreignPrefixes }]) => foreignPrefixes)).toEqual([['a:'], [], [], ['a:'], ['a:']]);
});

test.each([
  ['7', '', ['p:'], '7'],
  ['7', 'p:', [], 'p:7'],
  ['p:7', '', ['p:'], null],
  ['P:7', '', ['p:'], null],
  ['p:7', 'p:', ['q:'], 'p:p:7'],
  ['x'.repeat(254), 'p:', [], `p:${'x'.repeat(254)}`],
  ['x'.repeat(255), 'p:', [], null],
])('the id %s with the prefix "%s" beside %j', (id, prefix, foreignPrefixes, expected) => {
  expect(userIdOf({ source: 's', prefix, foreignPrefixes, roles: null }, id)).toBe(expected);
});

test.each([
  [null, ['user', 'admin', 'acme:editor']],
  [[], []],
  [['user'], ['user']],
  [['{tenant}:editor'], ['acme:editor']],
])('a source that may give %j', (roles, expected) => {
  expect(rolesFrom({ roles }, ['user', 'admin', 'acme:editor'])).toEqual(expected);
});
