/** Roles derived from fields of an identity: who gets them. */
import { expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { compileRoleMapping, derivedRoles, mapRoles, type RoleOrigin } from '../../../src/core/policy/map-roles.ts';
import { accept, makeIdentity, makePolicy, view } from './make-policy.ts';

const origins: readonly RoleOrigin[] = [
  { role: 'admin', field: 'groups', values: new Set(['platform-admins', 'owners']) },
  { role: 'user', field: 'roles', values: new Set(['STAFF']) },
  { role: 'robot', field: 'kind', values: new Set(['keyPair']) },
];

test.each([
  ['a group', { groups: ['x', 'owners'] }, ['admin']],
  ['no such group', { groups: ['Owners', 'owners '] }, []],
  ['two groups give a role once', { groups: ['owners', 'platform-admins'] }, ['admin']],
  ['another role name of the Auth API', { roles: ['STAFF'] }, ['user']],
  ['a derived role derives no further roles', { groups: ['owners'], roles: [] }, ['admin']],
  ['a role that the Auth API already reported', { groups: ['owners'], roles: ['admin'] }, []],
  ['the kind of credential', { kind: 'keyPair' as const }, ['robot']],
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

test.each([
  ['a role that stands for one on the list', { roles: ['STAFF'] }, ['user']],
  ['one that stands for no role on the list', { roles: ['STAFF', 'other'], groups: ['owners'] }, ['user']],
  ['roles of the list', { roles: ['user', 'admin'] }, ['user']],
  ['a source without a list', { roles: ['STAFF'], acceptedBy: 'main' }, ['STAFF', 'user']],
])('a source that may give only some roles: %s', (_name, part, expected) => {
  const mapping = compileRoleMapping(origins, new Map([['partner', ['user']]]))!;
  const identity = makeIdentity({ groups: [], acceptedBy: 'partner', ...part });
  expect(mapRoles(mapping, accept(identity)).identity.roles).toEqual(expected);
});

test('a limit applies without any derived role', () => {
  const mapping = compileRoleMapping([], new Map([['partner', []]]));
  const limited = accept({ roles: ['admin'], acceptedBy: 'partner' });
  expect(mapRoles(mapping, limited).identity.roles).toEqual([]);
  // Control.
  const other = accept({ roles: ['admin'], acceptedBy: 'main' });
  expect(mapRoles(mapping, other)).toBe(other);
});

test('without sources there is no mapping', () => {
  expect(compileRoleMapping([])).toBeNull();
});
