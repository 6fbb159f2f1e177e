/** E2: brings the code of an own address. */
import { bearerOnly } from '../../credentials/credential-rule.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { checkCode } from '../check-code.ts';
import { acknowledged, acknowledgement, verification } from '../fields.ts';
import { defineOperation } from '../operation.ts';
import { notifyAddresses } from './notify-addresses.ts';

export const verifyEmail = defineOperation({
  name: 'verifyEmail',
  summary: 'Verifies an own address by its code',
  method: 'PUT',
  paths: ['/email/verification'],
  credential: bearerOnly,
  body: verification,
  answer: acknowledgement,
  async handle({ caller, body, client }, services) {
    const refusal = await checkCode({ ...body, purpose: 'email', userId: caller.userId, ip: client.ip }, services);
    if (refusal !== null) return refusal;
    const { store, now } = services;
    const before = await store.emails.list(caller.userId, now());
    const emailId = await store.emails.verify(body.verificationCodeID, now());
    if (emailId === null) return new Refusal('code_unknown');
    notifyAddresses({ notice: 'address_added', emailId }, before, client, services);
    return acknowledged;
  },
});
