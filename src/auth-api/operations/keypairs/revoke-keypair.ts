/** K5: ends one of the caller's key pairs. */
import { bearerOnly } from '../../credentials/credential-rule.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { acknowledged, acknowledgement, idParam } from '../fields.ts';
import { defineOperation } from '../operation.ts';

export const revokeKeyPair = defineOperation({
  name: 'revokeKeyPair',
  summary: 'Ends an own key pair at once',
  method: 'DELETE',
  paths: ['/keypair/{id}'],
  credential: bearerOnly,
  params: idParam,
  answer: acknowledgement,
  async handle({ caller, params }, { store, revoked }) {
    if (!(await store.keyPairs.remove(params.id, caller.userId))) return new Refusal('keypair_unknown');
    revoked({ kind: 'keypair', id: params.id });
    return acknowledged;
  },
});
