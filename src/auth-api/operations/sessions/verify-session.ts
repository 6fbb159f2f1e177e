/** S2: brings the code of a session, which makes its bearer valid. */
import { noCredential } from '../../credentials/credential-rule.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { checkCode } from '../check-code.ts';
import { acknowledged, acknowledgement, verification } from '../fields.ts';
import { defineOperation } from '../operation.ts';

export const verifySession = defineOperation({
  name: 'verifySession',
  summary: 'Verifies a session by its code',
  method: 'PUT',
  paths: ['/session/verification'],
  credential: noCredential,
  body: verification,
  answer: acknowledgement,
  async handle({ body, client }, services) {
    const refusal = await checkCode({ ...body, purpose: 'session', userId: null, ip: client.ip }, services);
    if (refusal !== null) return refusal;
    const sessionId = await services.store.sessions.verify(body.verificationCodeID, services.now());
    if (sessionId === null) return new Refusal('code_unknown');
    // A gateway may keep a refusal from before.
    services.revoked({ kind: 'session', id: sessionId });
    return acknowledged;
  },
});
