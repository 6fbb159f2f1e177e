/** K3: tells who is behind a key pair. Gateways ask this for every pair that they do not know. */
import { z } from 'zod';
import { keyPairOnly } from '../../credentials/credential-rule.ts';
import { expireAt, id, toSeconds } from '../fields.ts';
import { defineOperation } from '../operation.ts';

export const readKeyPair = defineOperation({
  name: 'readKeyPair',
  summary: 'Tells whose key pair it is, and which roles and groups its owner holds now',
  method: 'GET',
  paths: ['/keypair'],
  credential: keyPairOnly,
  answer: z.object({
    apiKey: z.string(),
    keyID: id,
    keyName: z.string(),
    expireAt,
    verified: z.literal(true),
    userID: id,
    userName: z.string(),
    userAlias: z.string(),
    roles: z.array(z.string()),
    groups: z.array(z.string()),
  }),
  async handle({ caller }) {
    return {
      apiKey: caller.apiKey,
      keyID: caller.keyId,
      keyName: caller.name,
      expireAt: toSeconds(caller.expireAtMs),
      verified: true as const,
      userID: caller.userId,
      userName: caller.fullName,
      userAlias: caller.alias,
      roles: [...caller.roles],
      groups: [...caller.groups],
    };
  },
});
