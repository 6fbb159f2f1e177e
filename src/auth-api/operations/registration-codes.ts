/** New codes for registrations that wait for one. */
import { z } from 'zod';
import type { Client } from '../../operations/operation.ts';
import { noCredential } from '../credentials/credential-rule.ts';
import { limitRegistrationMail, limitRequest } from '../limits/limit-mail.ts';
import { Refusal } from '../outcome/refusals.ts';
import type { Services } from '../services.ts';
import { type Afterwards, inEqualTime, inOwnTime } from './equal-time.ts';
import { acceptsLongCode, acknowledged, acknowledgement, emailAddress, formOfCode, id } from './fields.ts';
import { countClaims, formForNewAddress, issueCode } from './issue-code.ts';
import { registrationRefused } from './notify-owner.ts';
import { defineOperation } from './operation.ts';

const registration = z.object({
  verificationCodeID: id.describe('What the registration returned; it stays'),
  email: emailAddress.describe('Of the registration'),
  acceptsLongCode,
});

/** U5: sends a new code for a registration; the old code is void. Neither it nor its alias waits longer than before. */
export const renewRegistrationCode = defineOperation({
  name: 'renewRegistrationCode',
  summary: 'Sends a new code for a registration that is not verified yet',
  method: 'POST',
  paths: ['/user/verification'],
  credential: noCredential,
  body: registration,
  response: acknowledgement.extend(formOfCode),
  refusals: ['code_unknown', 'attempts_exceeded'],
  async handle({ body, client }, services) {
    const tooMany = await limitRequest(client.ip, services);
    if (tooMany !== null) return tooMany;
    const respond = services.rules.revealUnknownEmail ? inOwnTime : inEqualTime;
    return await respond((afterwards) => renew(body, client, services, afterwards));
  },
});

async function renew(
  { verificationCodeID: codeId, email, acceptsLongCode: acceptsLong }: z.output<typeof registration>,
  client: Client,
  services: Services,
  afterwards: Afterwards,
) {
  const { store, outbox, now } = services;
  const claimant = { newAddress: email };
  const pending = await store.codes.find({ codeId, purpose: 'session', userId: null }, now());
  // Only a registration for this address is counted so, also if it is a decoy.
  if (pending?.countedAs !== countClaims(claimant, services)) return new Refusal('code_unknown');
  const limited = await limitRegistrationMail({ address: email, ip: client.ip }, services);
  if (limited !== null) return limited;
  const form = await formForNewAddress(email, { client, acceptsLong }, services);
  const code = issueCode('session', claimant, services, { form, codeId });
  const owner = await store.emails.findSignIn(email);
  const renewed = await store.sessions.renewCode(code.stored, now());
  if (renewed === null) return new Refusal('code_unknown');
  const { address: to, expireAtMs } = renewed;
  if (to !== null) afterwards(() => code.mailTo(to, client, inMinutes(expireAtMs - now())));
  else if (owner !== null) {
    const { address } = owner;
    afterwards(() => outbox.send(registrationRefused(address, client)));
  }
  return { ...acknowledged, ...(acceptsLong ? { codeForm: form } : {}) };
}

const minuteMs = 60_000;

/** Rounded down, as the mail states it. */
function inMinutes(lifetimeMs: number): number {
  return lifetimeMs < minuteMs ? lifetimeMs : lifetimeMs - (lifetimeMs % minuteMs);
}
