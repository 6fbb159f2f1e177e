/** K2: brings the code of an own key pair, which makes the pair valid. */
import { bearerOnly } from '../../credentials/credential-rule.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { checkCode } from '../check-code.ts';
import { acknowledged, acknowledgement, verification } from '../fields.ts';
import { defineOperation } from '../operation.ts';

export const verifyKeyPair = defineOperation({
  name: 'verifyKeyPair',
  summary: 'Verifies an own key pair by its code',
  method: 'PUT',
  paths: ['/keypair/verification'],
  credential: bearerOnly,
  body: verification,
  answer: acknowledgement,
  async handle({ caller, body, client }, services) {
    const refusal = await checkCode({ ...body, purpose: 'keypair', userId: caller.userId, ip: client.ip }, services);
    if (refusal !== null) return refusal;
    const keyId = await services.store.keyPairs.verify(body.verificationCodeID, services.now());
    if (keyId === null) return new Refusal('code_unknown');
    // A gateway may keep the refusal from before.
    services.revoked({ kind: 'keypair', id: keyId });
    return acknowledged;
  },
});
