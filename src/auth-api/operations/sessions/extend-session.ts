/** S4: moves the expiry of the caller's session, never beyond its absolute cap. */
import { bearerOnly } from '../../credentials/credential-rule.ts';
import { sessionCookie } from '../../credentials/session-cookie.ts';
import { refusalOf } from '../../limits/limit-mail.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { acknowledged, acknowledgement } from '../fields.ts';
import { defineOperation, WithCookie } from '../operation.ts';

export const extendSession = defineOperation({
  name: 'extendSession',
  summary: 'Extends the session by its lifetime from now, up to the absolute cap',
  method: 'PUT',
  paths: ['/session/extend'],
  credential: bearerOnly,
  answer: acknowledgement,
  async handle({ caller }, services) {
    const { store, rules, now, limiter } = services;
    const limited = await refusalOf(limiter.charge(['extensionsPerSession', caller.sessionId]));
    if (limited !== null) return limited;
    const nowMs = now();
    const expireAtMs = Math.min(nowMs + rules.sessionLifetimeMs, caller.createdAtMs + rules.sessionCapMs);
    if (!(await store.sessions.extend(caller.sessionId, expireAtMs, nowMs))) return new Refusal('credential_rejected');
    // Gateways are not told: what they keep ends at the old expiry, and then they ask again. Telling them would also void every
    // refusal that they keep, so that one session could make them ask for each.
    const { cookieBearer } = caller;
    if (cookieBearer === null || rules.webSession === null) return acknowledged;
    return new WithCookie(acknowledged, sessionCookie(rules.webSession.cookie, cookieBearer, expireAtMs, nowMs));
  },
});
