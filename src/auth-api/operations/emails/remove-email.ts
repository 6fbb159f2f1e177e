/** E5: removes one of the caller's addresses. The preferred one stays, so the last one does too. */
import { bearerOnly } from '../../credentials/credential-rule.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { acknowledged, acknowledgement, idParam } from '../fields.ts';
import { defineOperation } from '../operation.ts';
import { notifyAddresses } from './notify-addresses.ts';

export const removeEmail = defineOperation({
  name: 'removeEmail',
  summary: 'Removes an address that is not the preferred one',
  method: 'DELETE',
  paths: ['/email/{id}'],
  credential: bearerOnly,
  params: idParam,
  answer: acknowledgement,
  async handle({ caller, params, client }, services) {
    const { store, now } = services;
    const before = await store.emails.list(caller.userId, now());
    const outcome = await store.emails.remove(params.id, caller.userId);
    if (outcome !== 'done') return new Refusal(outcome === 'preferred' ? 'email_preferred' : 'email_unknown');
    const removed = before.find(({ emailId }) => emailId === params.id);
    if (removed?.verified === true) {
      notifyAddresses({ notice: 'address_removed', emailId: params.id }, before, client, services);
    }
    return acknowledged;
  },
});
