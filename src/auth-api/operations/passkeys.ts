/**
 * The passkeys of an account: a signed-in user adds, lists, renames and removes them. Who has one changes them in a session that it opened.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { recentSignInMs } from '../../config/accounts-config.ts';
import { bearerOnly } from '../credentials/credential-rule.ts';
import { announceRoles, refuseAddition, refuseRemoval } from '../credentials/passkey-roles.ts';
import { refuseOldSignIn } from '../credentials/recent-sign-in.ts';
import { limitOwnMail } from '../limits/limit-mail.ts';
import { Refusal } from '../outcome/refusals.ts';
import { createChallenge, readChallenge } from '../passkeys/challenge.ts';
import { challengeIn, createdCredential } from '../passkeys/public-key-credential.ts';
import { creationOptions, verifyCreated } from '../passkeys/webauthn.ts';
import { passkeySettings, type Services } from '../services.ts';
import type { LiveKeyPair } from '../store/keypair-store.ts';
import type { PasskeySummary } from '../store/passkey-store.ts';
import type { LiveSession } from '../store/session-store.ts';
import { acknowledged, acknowledgement, id, idParam, label, moment, toSeconds } from './fields.ts';
import { notifyOwner } from './notify-owner.ts';
import { defineOperation } from './operation.ts';

/** Maximum passkeys of a user. */
const maxPasskeys = 20;

/** Passed to the browser unchanged. */
export const browserOptions = z
  .looseObject({ challenge: z.string() })
  .describe(
    'Options for the browser, as `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON` read them',
  );

const passkeyName = label(100);

/** P1: options with which a browser creates a passkey. */
export const preparePasskey = defineOperation({
  name: 'preparePasskey',
  summary: 'Returns the options with which a browser creates a passkey for the caller; requires a recent sign-in',
  method: 'POST',
  paths: ['/passkey/options'],
  credential: bearerOnly,
  response: z.object({ options: browserOptions }),
  refusals: ['passkey_required', 'sign_in_too_old'],
  async handle({ caller }, services) {
    const refused = refuseAddition(caller) ?? refuseOldSignIn(caller, services, recentSignInMs);
    if (refused !== null) return refused;
    const challenge = createChallenge(['creation', caller.sessionId], services);
    const known = await services.store.passkeys.credentialIds(caller.userId);
    const options = await creationOptions(passkeySettings(services), caller, challenge, known);
    return { options: options as z.infer<typeof browserOptions> };
  },
});

/** P2: adds the passkey that the browser created with these options, in the same session. */
export const addPasskey = defineOperation({
  name: 'addPasskey',
  summary: 'Adds the passkey that the browser created; requires a recent sign-in',
  method: 'POST',
  paths: ['/passkey'],
  credential: bearerOnly,
  body: z.object({ name: passkeyName, credential: createdCredential }),
  response: z.object({ passkeyID: id, passkeyName: z.string(), createdAt: moment }),
  refusals: ['passkey_invalid', 'passkeys_exceeded', 'passkey_required', 'sign_in_too_old', 'attempts_exceeded'],
  async handle({ caller, body, client }, services) {
    const refused = refuseAddition(caller) ?? (await refuseChange(caller, services));
    if (refused !== null) return refused;
    const { store, now } = services;
    const challenge = challengeIn(body.credential);
    const answered = challenge && readChallenge(challenge, ['creation', caller.sessionId], services);
    if (!challenge || !answered) return new Refusal('passkey_invalid');
    const created = await verifyCreated(passkeySettings(services), body.credential, challenge);
    if (created === null) return new Refusal('passkey_invalid');
    const passkey = { ...created, id: randomUUID(), userId: caller.userId, name: body.name, createdAtMs: now() };
    // Another session may have added the first one in the meantime.
    const max = caller.hasPasskey ? maxPasskeys : 1;
    const outcome = await store.passkeys.add(passkey, answered, max);
    if (outcome === 'full') return new Refusal(caller.hasPasskey ? 'passkeys_exceeded' : 'passkey_required');
    if (outcome !== 'done') return new Refusal('passkey_invalid');
    if (!caller.hasPasskey) announceRoles(caller.userId, [...caller.roles, ...caller.withheldRoles], services);
    await notifyOwner('passkey_added', caller.userId, client, services);
    return { passkeyID: passkey.id, passkeyName: passkey.name, createdAt: toSeconds(passkey.createdAtMs) };
  },
});

export const passkeyEntry = z.object({
  passkeyID: id,
  passkeyName: z.string(),
  createdAt: moment,
  lastUsedAt: moment.nullable().describe('Unix time in seconds; null: never used'),
  synced: z.boolean().describe('Whether it may be copied to other devices'),
});

/** P3: lists the caller's passkeys. */
export const listPasskeys = defineOperation({
  name: 'listPasskeys',
  summary: "Lists the caller's passkeys, with their last use",
  method: 'GET',
  paths: ['/passkeys'],
  credential: bearerOnly,
  response: z.object({ passkeys: z.array(passkeyEntry) }),
  async handle({ caller }, { store }) {
    const passkeys = await store.passkeys.list(caller.userId);
    return { passkeys: passkeys.map(describePasskey) };
  },
});

export function describePasskey(passkey: PasskeySummary): z.infer<typeof passkeyEntry> {
  const { passkeyId, name, createdAtMs, lastUsedAtMs, synced } = passkey;
  return {
    passkeyID: passkeyId,
    passkeyName: name,
    createdAt: toSeconds(createdAtMs),
    lastUsedAt: lastUsedAtMs === null ? null : toSeconds(lastUsedAtMs),
    synced,
  };
}

/** P4: renames one of the caller's passkeys. */
export const renamePasskey = defineOperation({
  name: 'renamePasskey',
  summary: 'Renames a passkey of the caller',
  method: 'PUT',
  paths: ['/passkey/{id}'],
  credential: bearerOnly,
  params: idParam,
  body: z.object({ name: passkeyName }),
  response: acknowledgement,
  refusals: ['passkey_unknown'],
  async handle({ caller, params, body }, { store }) {
    const renamed = await store.passkeys.rename(params.id, caller.userId, body.name);
    return renamed ? acknowledged : new Refusal('passkey_unknown');
  },
});

/** P5: removes one of the caller's passkeys, and ends the other sessions that it opened. */
export const removePasskey = defineOperation({
  name: 'removePasskey',
  summary: 'Removes a passkey of the caller, and ends the other sessions that it opened; requires a recent sign-in',
  method: 'DELETE',
  paths: ['/passkey/{id}'],
  credential: bearerOnly,
  params: idParam,
  response: acknowledgement,
  refusals: ['passkey_unknown', 'passkey_required', 'sign_in_too_old', 'attempts_exceeded'],
  async handle({ caller, params, client }, services) {
    const refused = await refuseOwnRemoval(caller, services);
    if (refused !== null) return refused;
    if (!(await removeFrom(caller.userId, params.id, caller.sessionId, services)))
      return new Refusal('passkey_unknown');
    await notifyOwner('passkey_removed', caller.userId, client, services);
    return acknowledged;
  },
});

/** Null: the caller may remove its own passkeys. A key cannot: its use shows no sign-in. */
export async function refuseOwnRemoval(caller: LiveSession | LiveKeyPair, services: Services): Promise<Refusal | null> {
  if (!('openedBy' in caller)) return new Refusal('passkey_required');
  return refuseRemoval(caller) ?? (await refuseChange(caller, services));
}

/** Who has lost the passkey may have lost its device, so its sessions end, except `keptSession`. False: the user has no such passkey. */
export async function removeFrom(
  userId: string,
  passkeyId: string,
  keptSession: string | null,
  services: Services,
): Promise<boolean> {
  const { passkeys, users } = services.store;
  const roles = (await users.roles(userId)) ?? [];
  const isLast = (await passkeys.credentialIds(userId)).length <= 1;
  const ended = await passkeys.remove(passkeyId, userId, keptSession);
  if (ended === null) return false;
  for (const id of ended) services.revoked({ kind: 'session', id });
  if (isLast) announceRoles(userId, roles, services);
  return true;
}

/** Null: the caller may change what it signs in with. */
export async function refuseChange(caller: LiveSession, services: Services): Promise<Refusal | null> {
  const refused = refuseOldSignIn(caller, services, recentSignInMs);
  return refused ?? (await limitOwnMail(caller.userId, null, services));
}
