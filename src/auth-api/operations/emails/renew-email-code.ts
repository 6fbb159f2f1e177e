/** R1: asks for a new code for an own address that is not verified yet; the old code is void. */
import { z } from 'zod';
import { bearerOnly } from '../../credentials/credential-rule.ts';
import { limitOwnMail } from '../../limits/limit-mail.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { emailAddress, id } from '../fields.ts';
import { issueCode } from '../issue-code.ts';
import { defineOperation } from '../operation.ts';

export const renewEmailCode = defineOperation({
  name: 'renewEmailCode',
  summary: 'Sends a new code to an own, unverified address',
  method: 'POST',
  paths: ['/email/verification'],
  credential: bearerOnly,
  body: z.object({ address: emailAddress }),
  answer: z.object({ verificationCodeID: id }),
  async handle({ caller, body, client }, services) {
    const { store, rules, now } = services;
    const limited = await limitOwnMail(caller.userId, body.address, services);
    if (limited !== null) return limited;
    const code = issueCode('email', { newAddress: body.address }, services);
    const verifyByMs = now() + rules.codeLifetimeMs;
    const address = await store.emails.renewCode(body.address, caller.userId, code.stored, verifyByMs);
    if (address === null) return new Refusal('email_unknown');
    code.mailTo(address, client);
    return { verificationCodeID: code.stored.id };
  },
});
