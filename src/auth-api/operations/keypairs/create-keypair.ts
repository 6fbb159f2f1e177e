/** K1: makes an API key pair. It works once the code, which goes to the preferred address, has come back. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { bearerOnly } from '../../credentials/credential-rule.ts';
import { limitOwnMail } from '../../limits/limit-mail.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { expireAt, id, label, toSeconds } from '../fields.ts';
import { issueCode } from '../issue-code.ts';
import { defineOperation } from '../operation.ts';
import { maxKeyDays, newKeyPair } from './new-keypair.ts';

export const createKeyPair = defineOperation({
  name: 'createKeyPair',
  summary: 'Makes an API key pair; the secret is shown once and a code goes to the preferred address',
  method: 'POST',
  paths: ['/keypair'],
  credential: bearerOnly,
  body: z.object({ name: label(100), days: z.int().min(1).max(maxKeyDays) }),
  answer: z.object({
    apiKey: z.string(),
    apiSecret: z.string(),
    keyID: id,
    keyName: z.string(),
    expireAt,
    verified: z.literal(false),
    verificationCodeID: id,
  }),
  async handle({ caller, body, client }, services) {
    const { store } = services;
    const address = await store.emails.findPreferred(caller.userId);
    // The account went while the request was under way.
    if (address === null) return new Refusal('credential_rejected');
    const limited = await limitOwnMail(caller.userId, null, services);
    if (limited !== null) return limited;
    const { pair, apiSecret } = newKeyPair({ id: randomUUID(), userId: caller.userId, ...body }, services);
    const code = issueCode('keypair', { account: caller.userId }, services);
    await store.keyPairs.create(pair, code.stored);
    code.mailTo(address, client);
    return {
      apiKey: pair.apiKey,
      apiSecret,
      keyID: pair.id,
      keyName: pair.name,
      expireAt: toSeconds(pair.expireAtMs),
      verified: false as const,
      verificationCodeID: code.stored.id,
    };
  },
});
