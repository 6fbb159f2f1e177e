/** U3: finds the user of a verified address. */
import { z } from 'zod';
import { anyCredential } from '../../credentials/credential-rule.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { emailAddress, id } from '../fields.ts';
import { defineOperation } from '../operation.ts';

export const findUser = defineOperation({
  name: 'findUser',
  summary: 'Finds the user of an address',
  method: 'GET',
  paths: ['/user/by-email'],
  credential: anyCredential,
  query: z.object({ email: emailAddress }),
  answer: z.object({ userID: id }),
  async handle({ query }, { store }) {
    const userID = await store.users.findIdByEmail(query.email);
    return userID === null ? new Refusal('user_unknown') : { userID };
  },
});
