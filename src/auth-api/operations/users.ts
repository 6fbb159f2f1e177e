/** Users: registered, found, and removed by themselves. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Client } from '../../operations/operation.ts';
import { administratorRole } from '../credentials/administrator-role.ts';
import { anyCredential, bearerOnly, noCredential } from '../credentials/credential-rule.ts';
import { limitRegistrationMail, limitRequest } from '../limits/limit-mail.ts';
import { Refusal } from '../outcome/refusals.ts';
import type { Services } from '../services.ts';
import { accountFields, firstGroups, firstRoles } from './account-fields.ts';
import { type Afterwards, inEqualTime, inOwnTime } from './equal-time.ts';
import { acceptsLongCode, acknowledged, acknowledgement, emailAddress, formOfCode, id, idParam } from './fields.ts';
import { formForNewAddress, issueCode } from './issue-code.ts';
import { registrationRefused } from './notify-owner.ts';
import { openedResponse, openedSession, openSession } from './open-session.ts';
import { defineOperation } from './operation.ts';

const newUser = z.object({ ...accountFields, acceptsLongCode });
type NewUser = z.output<typeof newUser>;

/**
 * U1: registers a user, whose first session is verified like any other. Until then only the alias is reserved; of all registrations for the
 * address, the first verified one gets it.
 */
export const registerUser = defineOperation({
  name: 'registerUser',
  summary: 'Registers a user and requests the first session; a code is mailed to the address',
  method: 'POST',
  paths: ['/user'],
  credential: noCredential,
  body: newUser,
  response: openedSession.extend(formOfCode),
  refusals: ['key_duplicated', 'registration_closed', 'attempts_exceeded'],
  async handle({ body, client }, services) {
    if (!services.rules.selfRegistration) return new Refusal('registration_closed');
    const tooMany = await limitRequest(client.ip, services);
    if (tooMany !== null) return tooMany;
    const respond = services.rules.revealUnknownEmail ? inOwnTime : inEqualTime;
    return await respond((afterwards) => register(body, client, services, afterwards));
  },
});

async function register(
  { acceptsLongCode: acceptsLong, ...account }: NewUser,
  client: Client,
  services: Services,
  afterwards: Afterwards,
) {
  const { store, outbox, rules, now } = services;
  // Without `revealUnknownEmail`, a taken address looks like a free one: the alias is reserved and a decoy stored, with the same work,
  // and its owner gets a mail. Aliases are public, so a taken one is refused.
  const hides = !rules.revealUnknownEmail;
  const taken = await store.users.findTaken(account, now());
  if (taken === 'alias' || (taken === 'email' && !hides)) return new Refusal('key_duplicated');
  const limited = await limitRegistrationMail({ address: account.email, ip: client.ip }, services);
  if (limited !== null) return limited;
  const ids = { userId: randomUUID(), emailId: randomUUID() };
  const opened = openSession(ids, 'code', client, services);
  const form = await formForNewAddress(account.email, { client, acceptsLong }, services);
  const code = issueCode('session', { newAddress: account.email }, services, { form });
  const user = {
    ...account,
    id: ids.userId,
    emailId: ids.emailId,
    roles: firstRoles,
    groups: firstGroups,
    createdAtMs: opened.session.createdAtMs,
    verifyByMs: opened.session.verifyByMs,
  };
  const owner = hides ? await store.emails.findSignIn(account.email) : null;
  const first = { session: opened.session, code: code.stored, decoyIfTaken: hides };
  const outcome = await store.users.create(user, first);
  if (outcome === 'alias_taken' || (outcome === 'email_taken' && !hides)) return new Refusal('key_duplicated');
  if (outcome === 'done') afterwards(() => code.mailTo(account.email, client));
  else if (owner !== null) {
    const { address } = owner;
    afterwards(() => outbox.send(registrationRefused(address, client)));
  }
  return { ...openedResponse(opened, code.stored, 'standard'), ...(acceptsLong ? { codeForm: form } : {}) };
}

/** U2: returns the public name of a user. */
export const readAlias = defineOperation({
  name: 'readAlias',
  summary: 'Returns the alias of a user',
  method: 'GET',
  paths: ['/user/{id}', '/user/id/{id}'],
  credential: noCredential,
  params: idParam,
  response: z.object({ alias: z.string() }),
  refusals: ['user_unknown'],
  async handle({ params }, { store }) {
    const alias = await store.users.findAlias(params.id);
    return alias === null ? new Refusal('user_unknown') : { alias };
  },
});

/**
 * U3: finds the user of a verified address. Without `revealUnknownEmail`, only administrators may find other users: if anyone may register,
 * anyone has a credential.
 */
export const findUser = defineOperation({
  name: 'findUser',
  summary: 'Finds the user of an address',
  method: 'GET',
  paths: ['/user/by-email'],
  credential: anyCredential,
  query: z.object({ email: emailAddress }),
  response: z.object({ userID: id }),
  refusals: ['user_unknown'],
  async handle({ caller, query }, { store, rules }) {
    const userID = await store.users.findIdByEmail(query.email);
    const mayAsk = rules.revealUnknownEmail || userID === caller.userId || caller.roles.includes(administratorRole);
    return userID === null || !mayAsk ? new Refusal('user_unknown') : { userID };
  },
});

/** U4: removes the caller's account with everything that belongs to it. */
export const removeSelf = defineOperation({
  name: 'removeSelf',
  summary: "Removes the caller's account with its sessions, key pairs and addresses",
  method: 'DELETE',
  paths: ['/user'],
  credential: bearerOnly,
  response: acknowledgement,
  refusals: ['administrator_last'],
  async handle({ caller }, { store, revoked }) {
    const outcome = await store.users.remove(caller.userId, administratorRole);
    if (outcome === 'last_holder') return new Refusal('administrator_last');
    if (outcome === 'unknown') return new Refusal('credential_rejected');
    revoked({ kind: 'user', id: caller.userId });
    return acknowledged;
  },
});
