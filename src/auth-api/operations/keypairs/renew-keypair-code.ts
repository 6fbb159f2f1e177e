/** R1: asks for a new code for an own key pair that is not verified yet; the old code is void. */
import { z } from 'zod';
import { bearerOnly } from '../../credentials/credential-rule.ts';
import { limitOwnMail } from '../../limits/limit-mail.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { id } from '../fields.ts';
import { issueCode } from '../issue-code.ts';
import { defineOperation } from '../operation.ts';

const presented = z.string().min(1).max(256);

export const renewKeyPairCode = defineOperation({
  name: 'renewKeyPairCode',
  summary: 'Sends a new code for an own, unverified key pair',
  method: 'POST',
  paths: ['/keypair/verification'],
  credential: bearerOnly,
  body: z.object({ apiKey: presented, apiSecret: presented }),
  answer: z.object({ verificationCodeID: id }),
  async handle({ caller, body, client }, services) {
    const { store, hashes, now } = services;
    const { apiKey, apiSecret } = body;
    const address = await store.emails.findPreferred(caller.userId);
    if (address === null) return new Refusal('credential_rejected');
    // Counted whatever comes of it, which limits guesses of the secret as well.
    const limited = await limitOwnMail(caller.userId, null, services);
    if (limited !== null) return limited;
    const pair = await store.keyPairs.findPending(apiKey, caller.userId, now());
    const matches = hashes.isApiSecret(pair?.secretHash ?? null, apiKey, apiSecret);
    if (pair === null || !matches) return new Refusal('keypair_unknown');
    const code = issueCode('keypair', { account: caller.userId }, services);
    if (!(await store.keyPairs.renewCode(pair.keyId, code.stored))) return new Refusal('keypair_unknown');
    code.mailTo(address, client);
    return { verificationCodeID: code.stored.id };
  },
});
