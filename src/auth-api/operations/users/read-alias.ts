/** U2: tells the public name of a user. */
import { z } from 'zod';
import { noCredential } from '../../credentials/credential-rule.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { idParam } from '../fields.ts';
import { defineOperation } from '../operation.ts';

export const readAlias = defineOperation({
  name: 'readAlias',
  summary: 'Tells the alias of a user',
  method: 'GET',
  paths: ['/user/{id}', '/user/id/{id}'],
  credential: noCredential,
  params: idParam,
  answer: z.object({ alias: z.string() }),
  async handle({ params }, { store }) {
    const alias = await store.users.findAlias(params.id);
    return alias === null ? new Refusal('user_unknown') : { alias };
  },
});
