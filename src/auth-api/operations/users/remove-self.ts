/** U4: removes the caller's account with everything that belongs to it. */
import { administratorRole, bearerOnly } from '../../credentials/credential-rule.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { acknowledged, acknowledgement } from '../fields.ts';
import { defineOperation } from '../operation.ts';
import { endCookie } from '../sessions/end-cookie.ts';

export const removeSelf = defineOperation({
  name: 'removeSelf',
  summary: 'Removes the own account, its sessions, key pairs and addresses',
  method: 'DELETE',
  paths: ['/user'],
  credential: bearerOnly,
  answer: acknowledgement,
  async handle({ caller }, { store, rules, revoked }) {
    const outcome = await store.users.remove(caller.userId, administratorRole);
    if (outcome === 'last_holder') return new Refusal('administrator_last');
    if (outcome === 'unknown') return new Refusal('credential_rejected');
    revoked({ kind: 'user', id: caller.userId });
    return endCookie(acknowledged, caller, rules);
  },
});
