/** E2: brings the code of an own address. */
import { bearerOnly } from '../../credentials/credential-rule.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { acknowledged, acknowledgement, verification } from '../fields.ts';
import { checkCode } from '../issue-code.ts';
import { defineOperation } from '../operation.ts';

export const verifyEmail = defineOperation({
  name: 'verifyEmail',
  summary: 'Verifies an own address by its code',
  method: 'PUT',
  paths: ['/email/verification'],
  credential: bearerOnly,
  body: verification,
  answer: acknowledgement,
  async handle({ caller, body }, services) {
    const refusal = await checkCode({ ...body, purpose: 'email', userId: caller.userId }, services);
    if (refusal !== null) return refusal;
    const verified = await services.store.emails.verify(body.verificationCodeID, services.now());
    return verified ? acknowledged : new Refusal('code_unknown');
  },
});
