/** S6: ends one of the caller's sessions, the current one or another. */
import { bearerOnly } from '../../credentials/credential-rule.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { acknowledged, acknowledgement, idParam } from '../fields.ts';
import { defineOperation } from '../operation.ts';
import { endCookie } from './end-cookie.ts';

export const revokeSession = defineOperation({
  name: 'revokeSession',
  summary: 'Ends an own session at once',
  method: 'DELETE',
  paths: ['/session/{id}'],
  credential: bearerOnly,
  params: idParam,
  answer: acknowledgement,
  async handle({ caller, params }, { store, rules, now, revoked }) {
    // A session of another user is as unknown as one that never existed: ids cannot be probed.
    if (!(await store.sessions.remove(params.id, caller.userId, now()))) return new Refusal('session_unknown');
    revoked({ kind: 'session', id: params.id });
    return params.id === caller.sessionId ? endCookie(acknowledged, caller, rules) : acknowledged;
  },
});
