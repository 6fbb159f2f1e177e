/** A0: an administrator makes an account. Its address counts as verified, since every sign-in proves it again. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { administrator } from '../../credentials/credential-rule.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { id, name } from '../fields.ts';
import { defineOperation } from '../operation.ts';
import { accountFields, firstGroups, firstRoles } from '../users/account-fields.ts';

export const createUser = defineOperation({
  name: 'createUser',
  summary: 'Makes an account, and tells its owner when asked to',
  method: 'POST',
  paths: ['/admin/user'],
  credential: administrator,
  body: z.object({
    ...accountFields,
    roles: z
      .array(name)
      .max(100)
      .default([...firstRoles]),
    notify: z.boolean().default(false),
  }),
  answer: z.object({ userID: id, email: z.string() }),
  async handle({ body }, { store, outbox, now }) {
    const { notify, ...account } = body;
    const userID = randomUUID();
    const outcome = await store.users.create(
      { ...account, id: userID, emailId: randomUUID(), groups: firstGroups, createdAtMs: now(), verifyByMs: null },
      null,
    );
    if (outcome !== 'done') return new Refusal('key_duplicated');
    if (notify) outbox.send({ kind: 'welcome', to: body.email, fullName: body.fullName });
    return { userID, email: body.email };
  },
});
