/**
 * U3: finds the user of a verified address. With `revealUnknownEmail` off only administrators may ask for others: wherever
 * anyone may register, everybody has a credential.
 */
import { z } from 'zod';
import { administratorRole, anyCredential } from '../../credentials/credential-rule.ts';
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
  async handle({ caller, query }, { store, rules }) {
    const userID = await store.users.findIdByEmail(query.email);
    const mayAsk = rules.revealUnknownEmail || userID === caller.userId || caller.roles.includes(administratorRole);
    return userID === null || !mayAsk ? new Refusal('user_unknown') : { userID };
  },
});
