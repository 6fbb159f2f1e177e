/** K4: lists the caller's key pairs, verified or not. */
import { z } from 'zod';
import { bearerOnly } from '../../credentials/credential-rule.ts';
import { expireAt, id, toSeconds } from '../fields.ts';
import { defineOperation } from '../operation.ts';

const entry = z.object({ apiKey: z.string(), keyID: id, keyName: z.string(), expireAt, verified: z.boolean() });

export const listKeyPairs = defineOperation({
  name: 'listKeyPairs',
  summary: 'Lists the own key pairs, never with a secret',
  method: 'GET',
  paths: ['/keypairs'],
  credential: bearerOnly,
  answer: z.object({ keys: z.array(entry) }),
  async handle({ caller }, { store, now }) {
    const pairs = await store.keyPairs.list(caller.userId, now());
    return {
      keys: pairs.map((pair) => ({
        apiKey: pair.apiKey,
        keyID: pair.keyId,
        keyName: pair.name,
        expireAt: toSeconds(pair.expireAtMs),
        verified: pair.verified,
      })),
    };
  },
});
