/**
 * A3: an administrator enables, disables or removes a user. Disabling and removing end every credential at once. The
 * last enabled administrator stays as it is (409), as no one could undo it afterwards.
 */
import { administrator, administratorRole } from '../../credentials/credential-rule.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { acknowledged, acknowledgement, idParam } from '../fields.ts';
import { defineOperation, type Operation } from '../operation.ts';

export const enableUser = switchUser(true);
export const disableUser = switchUser(false);

export const removeUser = defineOperation({
  name: 'removeUser',
  summary: 'Removes a user with everything that belongs to it',
  method: 'DELETE',
  paths: ['/admin/user/{id}'],
  credential: administrator,
  params: idParam,
  answer: acknowledgement,
  async handle({ params }, { store, revoked }) {
    const outcome = await store.users.remove(params.id, administratorRole);
    if (outcome !== 'done') return refuseChange(outcome);
    revoked({ kind: 'user', id: params.id });
    return acknowledged;
  },
});

function refuseChange(outcome: 'unknown' | 'last_holder'): Refusal {
  return new Refusal(outcome === 'unknown' ? 'user_unknown' : 'administrator_last');
}

function switchUser(enabled: boolean): Operation {
  const verb = enabled ? 'enable' : 'disable';
  return defineOperation({
    name: `${verb}User`,
    summary: enabled ? 'Enables a user again' : 'Disables a user: sessions end and key pairs rest',
    method: 'PUT',
    paths: [`/admin/user/{id}/${verb}`],
    credential: administrator,
    params: idParam,
    answer: acknowledgement,
    async handle({ params }, { store, revoked }) {
      const outcome = await store.users.setEnabled(params.id, enabled, administratorRole);
      if (outcome !== 'done') return refuseChange(outcome);
      // Also when enabled: a kept refusal of a key pair is no longer true.
      revoked({ kind: 'user', id: params.id });
      return acknowledged;
    },
  });
}
