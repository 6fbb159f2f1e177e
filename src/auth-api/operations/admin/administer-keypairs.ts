/** A5: an administrator lists and ends key pairs of anybody. */
import { z } from 'zod';
import { administrator } from '../../credentials/credential-rule.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { acknowledged, acknowledgement, expireAt, id, idParam, pagesOf, paging, toSeconds } from '../fields.ts';
import { defineOperation } from '../operation.ts';

const entry = z.object({
  apiKey: z.string(),
  keyID: id,
  keyName: z.string(),
  userID: id,
  expireAt,
  verified: z.boolean(),
});

export const listAllKeyPairs = defineOperation({
  name: 'listAllKeyPairs',
  summary: 'Lists live key pairs of everybody in pages, newest first',
  method: 'GET',
  paths: ['/admin/keypairs'],
  credential: administrator,
  query: z.object(paging),
  answer: z.object({ pages: z.int(), items: z.int(), keys: z.array(entry) }),
  async handle({ query }, { store, now }) {
    const { rows, total } = await store.keyPairs.page(query, now());
    const keys = rows.map((pair) => ({
      apiKey: pair.apiKey,
      keyID: pair.keyId,
      keyName: pair.name,
      userID: pair.userId,
      expireAt: toSeconds(pair.expireAtMs),
      verified: pair.verified,
    }));
    return { pages: pagesOf(total, query.limit), items: total, keys };
  },
});

export const revokeAnyKeyPair = defineOperation({
  name: 'revokeAnyKeyPair',
  summary: 'Ends a key pair of anybody at once',
  method: 'DELETE',
  paths: ['/admin/keypair/{id}'],
  credential: administrator,
  params: idParam,
  answer: acknowledgement,
  async handle({ params }, { store, revoked }) {
    if (!(await store.keyPairs.remove(params.id, null))) return new Refusal('keypair_unknown');
    revoked({ kind: 'keypair', id: params.id });
    return acknowledged;
  },
});
