/**
 * Sessions of a device that keeps a value by which it is known, as the gateway's pages request them: strangers cannot keep a person out.
 * What they use up is their own; and beyond the budget for guessing, a person gets a code that cannot be guessed instead of a wait.
 */
import { z } from 'zod';
import { noCredential } from '../credentials/credential-rule.ts';
import { maxDeviceLength, rememberDevice } from '../limits/known-devices.ts';
import { Refusal } from '../outcome/refusals.ts';
import { checkCode, codeRefusals } from './check-code.ts';
import { code, codeForm, emailAddress, id, longCode } from './fields.ts';
import { openedResponse, openedSession } from './open-session.ts';
import { defineOperation } from './operation.ts';
import { requestSession } from './request-session.ts';

/** Anything else is of no device, and no fault of the person. */
const kept = z.string().max(maxDeviceLength).default('').describe('What the device keeps since the last sign-in');

/** D1: requests a session. */
export const createDeviceSession = defineOperation({
  name: 'createDeviceSession',
  summary: 'Requests a session for a device that keeps what it is known by; a code is mailed to the address',
  method: 'POST',
  paths: ['/session/device'],
  credential: noCredential,
  body: z.object({ email: emailAddress, device: kept }),
  response: openedSession.omit({ kind: true }).extend({
    codeForm,
  }),
  refusals: ['email_unknown', 'attempts_exceeded'],
  async handle({ body, client }, services) {
    const requested = await requestSession({ email: body.email, kept: body.device }, client, services);
    if (requested instanceof Refusal) return requested;
    const { kind: _kind, ...opened } = openedResponse(requested.opened, requested.code, 'standard');
    return { ...opened, codeForm: requested.form };
  },
});

/** D2: verifies the code of a session, also of one that S1 or a registration requested. */
export const verifyDeviceSession = defineOperation({
  name: 'verifyDeviceSession',
  summary: 'Verifies a session by its code; the device is known from now on',
  method: 'PUT',
  paths: ['/session/device/verification'],
  credential: noCredential,
  body: z.object({ verificationCodeID: id, code: z.union([code, longCode]), device: kept }),
  response: z.object({ device: z.string().describe('What the device keeps from now on') }),
  refusals: codeRefusals,
  async handle({ body, client }, services) {
    const { verificationCodeID, code, device } = body;
    const seen = { ip: client.ip, kept: device };
    const checked = await checkCode(
      { verificationCodeID, code, purpose: 'session', userId: null, client: seen },
      services,
    );
    if (checked instanceof Refusal) return checked;
    const sessionId = await services.store.sessions.verify(verificationCodeID, services.now());
    if (sessionId === null || checked.userId === null) return new Refusal('code_unknown');
    // A gateway may have cached an earlier rejection.
    services.revoked({ kind: 'session', id: sessionId });
    return { device: rememberDevice(device, checked.userId, services) };
  },
});
