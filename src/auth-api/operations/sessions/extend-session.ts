/** S4: moves the expiry of the caller's session, never beyond its absolute cap. */
import { bearerOnly } from '../../credentials/credential-rule.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { acknowledged, acknowledgement } from '../fields.ts';
import { defineOperation } from '../operation.ts';

export const extendSession = defineOperation({
  name: 'extendSession',
  summary: 'Extends the session by its lifetime from now, up to the absolute cap',
  method: 'PUT',
  paths: ['/session/extend'],
  credential: bearerOnly,
  answer: acknowledgement,
  async handle({ caller }, services) {
    const { store, rules, now, revoked } = services;
    const nowMs = now();
    const expireAtMs = Math.min(nowMs + rules.sessionLifetimeMs, caller.createdAtMs + rules.sessionCapMs);
    if (!(await store.sessions.extend(caller.sessionId, expireAtMs, nowMs))) return new Refusal('credential_rejected');
    // A kept verdict still ends at the old expiry.
    revoked({ kind: 'session', id: caller.sessionId });
    return acknowledged;
  },
});
