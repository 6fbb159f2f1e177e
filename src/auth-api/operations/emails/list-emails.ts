/** E3: lists the caller's addresses. */
import { z } from 'zod';
import { bearerOnly } from '../../credentials/credential-rule.ts';
import { id } from '../fields.ts';
import { defineOperation } from '../operation.ts';

const entry = z.object({ emailID: id, address: z.string(), preferred: z.boolean(), verified: z.boolean() });

export const listEmails = defineOperation({
  name: 'listEmails',
  summary: 'Lists the own addresses',
  method: 'GET',
  paths: ['/emails'],
  credential: bearerOnly,
  answer: z.object({ emails: z.array(entry) }),
  async handle({ caller }, { store, now }) {
    const emails = await store.emails.list(caller.userId, now());
    return { emails: emails.map(({ emailId, ...rest }) => ({ emailID: emailId, ...rest })) };
  },
});
