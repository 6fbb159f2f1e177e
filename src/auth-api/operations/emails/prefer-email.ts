/** E4: makes one of the caller's verified addresses the preferred one, to which codes for key pairs go. */
import { z } from 'zod';
import { bearerOnly } from '../../credentials/credential-rule.ts';
import { limitOwnMail } from '../../limits/limit-mail.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { acknowledged, acknowledgement, id } from '../fields.ts';
import { defineOperation } from '../operation.ts';
import { notifyAddresses } from './notify-addresses.ts';

export const preferEmail = defineOperation({
  name: 'preferEmail',
  summary: 'Makes a verified address the preferred one',
  method: 'PUT',
  paths: ['/email/preferred'],
  credential: bearerOnly,
  body: z.object({ emailID: id }),
  answer: acknowledgement,
  async handle({ caller, body, client }, services) {
    const { store, now } = services;
    const before = await store.emails.list(caller.userId, now());
    const wanted = before.find(({ emailId }) => emailId === body.emailID);
    if (wanted?.preferred === true) return acknowledged;
    // Each change is mailed, so it counts as a mail; one that cannot be told is not made.
    const limited = wanted?.verified === true ? await limitOwnMail(caller.userId, null, services) : null;
    if (limited !== null) return limited;
    const outcome = await store.emails.prefer(body.emailID, caller.userId);
    if (outcome !== 'done') return new Refusal(outcome === 'unverified' ? 'email_unverified' : 'email_unknown');
    notifyAddresses({ notice: 'address_preferred', emailId: body.emailID }, before, client, services);
    return acknowledged;
  },
});
