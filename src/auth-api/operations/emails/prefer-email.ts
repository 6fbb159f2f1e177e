/** E4: makes one of the caller's verified addresses the preferred one, to which codes for key pairs go. */
import { z } from 'zod';
import { bearerOnly } from '../../credentials/credential-rule.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { acknowledged, acknowledgement, id } from '../fields.ts';
import { defineOperation } from '../operation.ts';

export const preferEmail = defineOperation({
  name: 'preferEmail',
  summary: 'Makes a verified address the preferred one',
  method: 'PUT',
  paths: ['/email/preferred'],
  credential: bearerOnly,
  body: z.object({ emailID: id }),
  answer: acknowledgement,
  async handle({ caller, body }, { store }) {
    const outcome = await store.emails.prefer(body.emailID, caller.userId);
    if (outcome === 'done') return acknowledged;
    return new Refusal(outcome === 'unverified' ? 'email_unverified' : 'email_unknown');
  },
});
