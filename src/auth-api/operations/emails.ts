/** The addresses of an account: a signed-in user adds, verifies, lists, prefers and removes them. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Client } from '../../operations/operation.ts';
import { bearerOnly } from '../credentials/credential-rule.ts';
import { refuseOldSignIn } from '../credentials/recent-sign-in.ts';
import { limitOwnMail } from '../limits/limit-mail.ts';
import type { AddressNotice } from '../outbox/outbox.ts';
import { Refusal } from '../outcome/refusals.ts';
import type { Services } from '../services.ts';
import type { EmailEntry } from '../store/email-store.ts';
import { checkCode, codeRefusals } from './check-code.ts';
import {
  acceptsLongCode,
  acknowledged,
  acknowledgement,
  code,
  emailAddress,
  formOfCode,
  id,
  idParam,
  longCode,
  verification,
} from './fields.ts';
import { formForNewAddress, type IssuedCode, issueCode } from './issue-code.ts';
import { defineOperation } from './operation.ts';

const newAddress = z.object({ address: emailAddress, acceptsLongCode });
const sentCode = z.object({ verificationCodeID: id, ...formOfCode });

/** E1: adds an address to the account. It counts once the code that is sent to it has been verified. */
export const addEmail = defineOperation({
  name: 'addEmail',
  summary: 'Adds an address; a code goes to it',
  method: 'POST',
  paths: ['/email'],
  credential: bearerOnly,
  body: newAddress,
  response: sentCode,
  refusals: ['key_duplicated', 'sign_in_too_old', 'attempts_exceeded'],
  async handle({ caller, body, client }, services) {
    const { store, rules, now } = services;
    const tooOld = refuseOldSignIn(caller, services, null);
    if (tooOld !== null) return tooOld;
    const sent = await codeForAddress(body, { userId: caller.userId, client }, services);
    if (sent instanceof Refusal) return sent;
    const { code, response } = sent;
    const nowMs = now();
    const email = {
      id: randomUUID(),
      userId: caller.userId,
      address: body.address,
      createdAtMs: nowMs,
      verifyByMs: nowMs + rules.codeLifetimeMs,
    };
    // Without `revealUnknownEmail`, another user's address looks like a free one: the code is sent there, but verifies nothing.
    const ofAnother = rules.revealUnknownEmail ? 'refused' : 'added';
    if (!(await store.emails.add(email, code.stored, ofAnother))) return new Refusal('key_duplicated');
    code.mailTo(body.address, client);
    return response;
  },
});

/** E2: verifies the code of one of the caller's addresses. */
export const verifyEmail = defineOperation({
  name: 'verifyEmail',
  summary: 'Verifies an address of the caller by its code',
  method: 'PUT',
  paths: ['/email/verification'],
  credential: bearerOnly,
  body: verification.extend({ code: z.union([code, longCode]) }),
  response: acknowledgement,
  refusals: codeRefusals,
  async handle({ caller, body, client }, services) {
    const seen = { ip: client.ip, kept: null };
    const checked = await checkCode({ ...body, purpose: 'email', userId: caller.userId, client: seen }, services);
    if (checked instanceof Refusal) return checked;
    const { store, now } = services;
    const before = await store.emails.list(caller.userId, now());
    const emailId = await store.emails.verify(body.verificationCodeID, now());
    if (emailId === null) return new Refusal('code_unknown');
    notifyAddresses({ notice: 'address_added', emailId }, before, client, services);
    return acknowledged;
  },
});

/** R1: requests a new code for one of the caller's unverified addresses; the old code is void. */
export const renewEmailCode = defineOperation({
  name: 'renewEmailCode',
  summary: 'Sends a new code to an unverified address of the caller',
  method: 'POST',
  paths: ['/email/verification'],
  credential: bearerOnly,
  body: newAddress,
  response: sentCode,
  refusals: ['email_unknown', 'attempts_exceeded'],
  async handle({ caller, body, client }, services) {
    const { store, rules, now } = services;
    const sent = await codeForAddress(body, { userId: caller.userId, client }, services);
    if (sent instanceof Refusal) return sent;
    const { code, response } = sent;
    const verifyByMs = now() + rules.codeLifetimeMs;
    const address = await store.emails.renewCode(body.address, caller.userId, code.stored, verifyByMs);
    if (address === null) return new Refusal('email_unknown');
    code.mailTo(address, client);
    return response;
  },
});

const entry = z.object({ emailID: id, address: z.string(), preferred: z.boolean(), verified: z.boolean() });

/** E3: lists the caller's addresses. */
export const listEmails = defineOperation({
  name: 'listEmails',
  summary: "Lists the caller's addresses",
  method: 'GET',
  paths: ['/emails'],
  credential: bearerOnly,
  response: z.object({ emails: z.array(entry) }),
  async handle({ caller }, { store, now }) {
    const emails = await store.emails.list(caller.userId, now());
    return { emails: emails.map(({ emailId, ...rest }) => ({ emailID: emailId, ...rest })) };
  },
});

/** E4: makes one of the caller's verified addresses the preferred one, which receives codes for key pairs. */
export const preferEmail = defineOperation({
  name: 'preferEmail',
  summary: 'Makes a verified address the preferred one',
  method: 'PUT',
  paths: ['/email/preferred'],
  credential: bearerOnly,
  body: z.object({ emailID: id }),
  response: acknowledgement,
  refusals: ['email_unverified', 'email_unknown', 'attempts_exceeded'],
  async handle({ caller, body, client }, services) {
    const { store, now } = services;
    const before = await store.emails.list(caller.userId, now());
    const wanted = before.find(({ emailId }) => emailId === body.emailID);
    if (wanted?.preferred === true) return acknowledged;
    // Each change is mailed, so it counts as a mail; a change beyond the mail limit is refused.
    const limited = wanted?.verified === true ? await limitOwnMail(caller.userId, null, services) : null;
    if (limited !== null) return limited;
    const outcome = await store.emails.prefer(body.emailID, caller.userId);
    if (outcome !== 'done') return new Refusal(outcome === 'unverified' ? 'email_unverified' : 'email_unknown');
    notifyAddresses({ notice: 'address_preferred', emailId: body.emailID }, before, client, services);
    return acknowledged;
  },
});

/** E5: removes one of the caller's addresses. The preferred one stays, so the last one does too. */
export const removeEmail = defineOperation({
  name: 'removeEmail',
  summary: 'Removes an address that is not the preferred one',
  method: 'DELETE',
  paths: ['/email/{id}'],
  credential: bearerOnly,
  params: idParam,
  response: acknowledgement,
  refusals: ['email_preferred', 'email_unknown'],
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

/** For an address that is not verified yet. Refused if the user or the address gets too many mails. */
async function codeForAddress(
  { address, acceptsLongCode: acceptsLong }: z.output<typeof newAddress>,
  { userId, client }: { readonly userId: string; readonly client: Client },
  services: Services,
): Promise<{ readonly code: IssuedCode; readonly response: z.output<typeof sentCode> } | Refusal> {
  const limited = await limitOwnMail(userId, address, services);
  if (limited !== null) return limited;
  const form = await formForNewAddress(address, { client, acceptsLong }, services);
  const code = issueCode('email', { newAddress: address }, services, { form });
  return { code, response: { verificationCodeID: code.stored.id, ...(acceptsLong ? { codeForm: form } : {}) } };
}

/** `before`: the addresses before the change. When an address is added or becomes the preferred one, the others get a mail. */
function notifyAddresses(
  change: { readonly notice: AddressNotice; readonly emailId: string },
  before: readonly EmailEntry[],
  requester: Client,
  { outbox }: Services,
): void {
  const { notice, emailId } = change;
  const changed = before.find((entry) => entry.emailId === emailId);
  if (changed === undefined) return;
  for (const entry of before) {
    if (!entry.verified || (entry === changed && notice !== 'address_removed')) continue;
    outbox.send({ kind: 'notice', to: entry.address, notice, address: changed.address, requester });
  }
}
