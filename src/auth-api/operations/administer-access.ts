/** Operations of administrators on what lets one user in: sessions, and passkeys that were lost. */
import { z } from 'zod';
import { administrator } from '../credentials/credential-rule.ts';
import { Refusal } from '../outcome/refusals.ts';
import { acknowledged, acknowledgement, expireAt, id, idParam, toSeconds } from './fields.ts';
import { notifyOwner } from './notify-owner.ts';
import { defineOperation } from './operation.ts';
import { describePasskey, passkeyEntry, refuseOwnRemoval, removeFrom } from './passkeys.ts';

/** A6: an administrator lists and ends the sessions of one user. */
export const listUserSessions = defineOperation({
  name: 'listUserSessions',
  summary: 'Lists the verified, live sessions of a user',
  method: 'GET',
  paths: ['/admin/user/{id}/sessions'],
  credential: administrator,
  params: idParam,
  response: z.object({
    sessions: z.array(z.object({ sessionID: id, ip: z.string(), userAgent: z.string(), expireAt })),
  }),
  refusals: ['user_unknown'],
  async handle({ params }, { store, now }) {
    if ((await store.users.roles(params.id)) === null) return new Refusal('user_unknown');
    const sessions = await store.sessions.listLive(params.id, now());
    return {
      sessions: sessions.map(({ sessionId, ip, userAgent, expireAtMs }) => ({
        sessionID: sessionId,
        ip,
        userAgent,
        expireAt: toSeconds(expireAtMs),
      })),
    };
  },
});

export const endUserSessions = defineOperation({
  name: 'endUserSessions',
  summary: 'Ends all sessions of a user at once, with the sign-ins under way',
  method: 'DELETE',
  paths: ['/admin/user/{id}/sessions'],
  credential: administrator,
  params: idParam,
  response: acknowledgement,
  refusals: ['user_unknown'],
  async handle({ params }, { store, revoked }) {
    if (!(await store.sessions.removeAll(params.id))) return new Refusal('user_unknown');
    revoked({ kind: 'user', id: params.id });
    return acknowledged;
  },
  changed: ({ caller, params }) => ({ by: caller.userId, userId: params.id }),
});

/** A7: an administrator lists the passkeys of a user, and removes one, such as one that was lost. */
export const listUserPasskeys = defineOperation({
  name: 'listUserPasskeys',
  summary: 'Lists the passkeys of a user, with their last use',
  method: 'GET',
  paths: ['/admin/user/{id}/passkeys'],
  credential: administrator,
  params: idParam,
  response: z.object({ passkeys: z.array(passkeyEntry) }),
  refusals: ['user_unknown'],
  async handle({ params }, { store }) {
    if ((await store.users.roles(params.id)) === null) return new Refusal('user_unknown');
    return { passkeys: (await store.passkeys.list(params.id)).map(describePasskey) };
  },
});

export const removeUserPasskey = defineOperation({
  name: 'removeUserPasskey',
  summary:
    'Removes a passkey of a user, and notifies its owner. For one of the caller, the rules of `DELETE /passkey/{id}` hold. The sessions that it opened end, except that of the caller',
  method: 'DELETE',
  paths: ['/admin/user/{id}/passkeys/{passkey}'],
  credential: administrator,
  params: z.object({ id, passkey: id }),
  response: acknowledgement,
  refusals: ['passkey_unknown', 'sign_in_too_old'],
  async handle({ caller, params, client }, services) {
    const { id: userId, passkey } = params;
    // An administrator who is the owner has no other way around what that operation demands.
    const refused = userId === caller.userId ? await refuseOwnRemoval(caller, services) : null;
    if (refused !== null) return refused;
    const keptSession = 'sessionId' in caller ? caller.sessionId : null;
    if (!(await removeFrom(userId, passkey, keptSession, services))) return new Refusal('passkey_unknown');
    // Not from which address: it is the administrator's.
    const requester = { ...client, ip: '', userAgent: '' };
    await notifyOwner('passkey_removed_by_administrator', userId, requester, services);
    return acknowledged;
  },
  changed: ({ caller, params }) => ({ by: caller.userId, userId: params.id, passkeyId: params.passkey }),
});
