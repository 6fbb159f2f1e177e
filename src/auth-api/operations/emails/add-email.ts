/** E1: adds an address to the account. It counts once the code, which goes to it, has come back. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { bearerOnly } from '../../credentials/credential-rule.ts';
import { limitOwnMail } from '../../limits/limit-mail.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { emailAddress, id } from '../fields.ts';
import { issueCode } from '../issue-code.ts';
import { defineOperation } from '../operation.ts';

export const addEmail = defineOperation({
  name: 'addEmail',
  summary: 'Adds an address; a code goes to it',
  method: 'POST',
  paths: ['/email'],
  credential: bearerOnly,
  body: z.object({ address: emailAddress }),
  answer: z.object({ verificationCodeID: id }),
  async handle({ caller, body, client }, services) {
    const { store, rules, now } = services;
    const limited = await limitOwnMail(caller.userId, body.address, services);
    if (limited !== null) return limited;
    const code = issueCode('email', { newAddress: body.address }, services);
    const nowMs = now();
    const email = {
      id: randomUUID(),
      userId: caller.userId,
      address: body.address,
      createdAtMs: nowMs,
      verifyByMs: nowMs + rules.codeLifetimeMs,
    };
    // With `revealUnknownEmail` off, another user's address looks like a free one: the code goes there, and verifies nothing.
    const ofAnother = rules.revealUnknownEmail ? 'refused' : 'added';
    if (!(await store.emails.add(email, code.stored, ofAnother))) return new Refusal('key_duplicated');
    code.mailTo(body.address, client);
    return { verificationCodeID: code.stored.id };
  },
});
