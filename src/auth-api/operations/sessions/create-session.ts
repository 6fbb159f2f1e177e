/** S1: asks for a session. The bearer works once the code, which goes to the address, has come back. */
import { z } from 'zod';
import { noCredential } from '../../credentials/credential-rule.ts';
import { refuseCarrier } from '../../credentials/session-cookie.ts';
import { limitRequest, limitSignInMail } from '../../limits/limit-mail.ts';
import { Refusal } from '../../outcome/refusals.ts';
import { emailAddress, label } from '../fields.ts';
import { issueCode } from '../issue-code.ts';
import { defineOperation } from '../operation.ts';
import { answerOpened, carrier, openedSession, openSession } from './open-session.ts';

export const createSession = defineOperation({
  name: 'createSession',
  summary: 'Asks for a session; a code goes to the address',
  method: 'POST',
  paths: ['/session'],
  credential: noCredential,
  body: z.object({ email: emailAddress, kind: label(64).default('standard'), carrier }),
  answer: openedSession,
  async handle({ body, client, presented }, services) {
    const { store, rules } = services;
    const refused = refuseCarrier(body.carrier, presented, rules.webSession?.cookie ?? null);
    if (refused !== null) return refused;
    const tooMany = await limitRequest(client.ip, services);
    if (tooMany !== null) return tooMany;
    const address = await store.emails.findSignIn(body.email);
    if (address === null && rules.revealUnknownEmail) return new Refusal('email_unknown');
    // A decoy is charged like a mail, so that the limit does not tell.
    const mail = { address: body.email, userId: address?.userId ?? null, ip: client.ip };
    const limited = await limitSignInMail(mail, services);
    if (limited !== null) return limited;
    // For an unknown address a decoy is stored, by the same work, and its code is tried like any other: neither time nor
    // later responses tell. Its code is not mailed.
    const opened = openSession(address, client, services);
    const claimant = address === null ? { unknownAddress: body.email } : { account: address.userId };
    const code = issueCode('session', claimant, services);
    await store.sessions.create(opened.session, code.stored);
    if (address !== null) code.mailTo(address.address, client);
    return answerOpened(opened, code.stored, body, services);
  },
});
