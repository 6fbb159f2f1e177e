/** A4: an administrator reads and changes the roles of a user. A change counts from the next check on. */
import { z } from 'zod';
import { administrator, administratorRole } from '../../credentials/credential-rule.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { acknowledged, acknowledgement, id, idParam, name, nameInPath } from '../fields.ts';
import { defineOperation } from '../operation.ts';

export const readRoles = defineOperation({
  name: 'readRoles',
  summary: 'Tells the roles of a user',
  method: 'GET',
  paths: ['/admin/user/{id}/roles'],
  credential: administrator,
  params: idParam,
  answer: z.object({ userID: id, roles: z.array(z.string()) }),
  async handle({ params }, { store }) {
    const roles = await store.users.roles(params.id);
    return roles === null ? new Refusal('user_unknown') : { userID: params.id, roles: [...roles] };
  },
});

export const addRole = defineOperation({
  name: 'addRole',
  summary: 'Gives a role to a user',
  method: 'POST',
  paths: ['/admin/user/{id}/roles'],
  credential: administrator,
  params: idParam,
  body: z.object({ role: name }),
  answer: acknowledgement,
  async handle({ params, body }, { store, revoked }) {
    if (!(await store.users.addRole(params.id, body.role))) return new Refusal('user_unknown');
    revoked({ kind: 'user', id: params.id });
    return acknowledged;
  },
});

export const removeRole = defineOperation({
  name: 'removeRole',
  summary: 'Takes a role from a user',
  method: 'DELETE',
  paths: ['/admin/user/{id}/roles/{role}'],
  credential: administrator,
  params: z.object({ id, role: nameInPath }),
  answer: acknowledgement,
  async handle({ params }, { store, revoked }) {
    const outcome = await store.users.removeRole(params.id, params.role, administratorRole);
    if (outcome === 'last_holder') return new Refusal('administrator_last');
    if (outcome === 'unknown') return new Refusal('role_unknown');
    revoked({ kind: 'user', id: params.id });
    return acknowledged;
  },
});
