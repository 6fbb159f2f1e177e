/** A2: lists users for an administrator, all of them in pages, or one by its id in the same shape. */
import { z } from 'zod';
import { administrator } from '../../credentials/credential-rule.ts';
import { Refusal } from '../../outcome/refusals.ts';
import type { UserEntry } from '../../store/user-store.ts';
import { idParam, name, pagesOf, paging } from '../fields.ts';
import { defineOperation } from '../operation.ts';
import { userEntry } from '../users/account-fields.ts';

const answer = z.object({ pages: z.int(), items: z.int(), users: z.array(userEntry) });

export const listUsers = defineOperation({
  name: 'listUsers',
  summary: 'Lists users in pages',
  method: 'GET',
  paths: ['/admin/users'],
  credential: administrator,
  query: z.object({ ...paging, enabled: z.enum(['true', 'false']).optional(), role: name.optional() }),
  answer,
  async handle({ query }, { store }) {
    const enabled = query.enabled === undefined ? null : query.enabled === 'true';
    const { rows, total } = await store.users.page({ enabled, role: query.role ?? null }, query);
    return { pages: pagesOf(total, query.limit), items: total, users: rows.map(describeUser) };
  },
});

export const readUser = defineOperation({
  name: 'readUser',
  summary: 'Tells about one user',
  method: 'GET',
  paths: ['/admin/user/{id}'],
  credential: administrator,
  params: idParam,
  answer,
  async handle({ params }, { store }) {
    const user = await store.users.find(params.id);
    return user === null ? new Refusal('user_unknown') : { pages: 1, items: 1, users: [describeUser(user)] };
  },
});

function describeUser(user: UserEntry): z.infer<typeof userEntry> {
  const { userId, emails, roles, verified, enabled } = user;
  return { id: userId, emails: [...emails], roles: [...roles], verified, enabled };
}
