/** Roles derived from fields of an identity: who gets them. */
import { expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { compileRoleMapping, derivedRoles, type RoleOrigin } from '../../../src/core/policy/map-roles.ts';
import { accept, makeIdentity, makePolicy, view } from './make-policy.ts';

const origins: readonly RoleOrigin[] = [
  { role: 'admin', field: 'groups', values: new Set(['platform-admins', 'owners']) },
  { role: 'user', field: 'roles', values: new Set(['STAFF']) },
  { role: 'robot', field: 'kind', values: new Set(['key_pair']) },
];

test.each([
  ['a group', { groups: ['x', 'owners'] }, ['admin']],
  ['no such group', { groups: ['Owners', 'owners '] }, []],
  ['two groups give a role once', { groups: ['owners', 'platform-admins'] }, ['admin']],
  ['another role name of the Auth API', { roles: ['STAFF'] }, ['user']],
  ['a derived role derives no further roles', { groups: ['owners'], roles: [] }, ['admin']],
  ['a role that the Auth API already reported', { groups: ['owners'], roles: ['admin'] }, []],
  ['the kind of credential', { kind: 'key_pair' as const }, ['robot']],
])('%s', (_name, part, expected) => {
  expect(derivedRoles(origins, makeIdentity({ groups: [], roles: [], ...part }))).toEqual(expected);
});

test('a derived role counts for access and appears in the identity, and the verdict is unchanged', async () => {
  const policy = { ...makePolicy([{ on: '/a', access: ['reporter'] }]), roleMapping: compileRoleMapping(origins) };
  const verdict = accept({ groups: ['owners'], roles: ['user'] });
  const asked = view('GET /a', ['Authorization: Bearer t']);
  for (const resolve of [() => verdict, () => Promise.resolve(verdict)]) {
    const decision = await decide(asked, policy, resolve);
    expect(decision).toMatchObject({ outcome: 'allow', identity: { roles: ['user', 'admin'] } });
  }
  expect(verdict.identity.roles).toEqual(['user']);
  expect(await decide(asked, policy, () => accept({ groups: [] }))).toMatchObject({ reason: 'role_missing' });
});

test('without sources there is no mapping', () => {
  expect(compileRoleMapping([])).toBeNull();
});
