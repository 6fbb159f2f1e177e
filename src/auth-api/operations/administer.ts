/** Operations of administrators on users, roles, sessions and key pairs. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { administratorRole } from '../credentials/administrator-role.ts';
import { administrator } from '../credentials/credential-rule.ts';
import { Refusal } from '../outcome/refusals.ts';
import type { UserEntry } from '../store/user-store.ts';
import { accountFields, firstGroups, firstRoles, userEntry } from './account-fields.ts';
import {
  acknowledged,
  acknowledgement,
  expireAt,
  id,
  idParam,
  label,
  name,
  nameInPath,
  pagesOf,
  paging,
  toSeconds,
} from './fields.ts';
import { defineOperation, type Operation } from './operation.ts';

/** A0: an administrator creates an account. Its address counts as verified, because every sign-in proves it again. */
export const createUser = defineOperation({
  name: 'createUser',
  summary: 'Creates an account, and notifies its owner if requested',
  method: 'POST',
  paths: ['/admin/user'],
  credential: administrator,
  body: z.object({
    ...accountFields,
    roles: z
      .array(name)
      .max(100)
      .default([...firstRoles]),
    notify: z.boolean().default(false),
  }),
  response: z.object({ userID: id, email: z.string() }),
  refusals: ['key_duplicated'],
  async handle({ body, client: { language } }, { store, outbox, now }) {
    const { notify, ...account } = body;
    const userID = randomUUID();
    const outcome = await store.users.create(
      { ...account, id: userID, emailId: randomUUID(), groups: firstGroups, createdAtMs: now(), verifyByMs: null },
      null,
    );
    if (outcome !== 'done') return new Refusal('key_duplicated');
    if (notify) outbox.send({ kind: 'welcome', to: body.email, fullName: body.fullName, language });
    return { userID, email: body.email };
  },
  changed: ({ caller, body }, { userID }) => ({ by: caller.userId, userId: userID, roles: body.roles.join(' ') }),
});

const search = label(254).optional().describe('With which the alias or an address begins');

const response = z.object({ pages: z.int(), items: z.int(), users: z.array(userEntry) });

/** A2: lists users for an administrator, all of them in pages, or one by its id in the same shape. */
export const listUsers = defineOperation({
  name: 'listUsers',
  summary: 'Lists users in pages',
  method: 'GET',
  paths: ['/admin/users'],
  credential: administrator,
  query: z.object({ ...paging, enabled: z.enum(['true', 'false']).optional(), role: name.optional(), search }),
  response,
  async handle({ query }, { store }) {
    const enabled = query.enabled === undefined ? null : query.enabled === 'true';
    const filter = { enabled, role: query.role ?? null, start: query.search ?? null };
    const { rows, total } = await store.users.page(filter, query);
    return { pages: pagesOf(total, query.limit), items: total, users: rows.map(describeUser) };
  },
});

export const readUser = defineOperation({
  name: 'readUser',
  summary: 'Returns one user',
  method: 'GET',
  paths: ['/admin/user/{id}'],
  credential: administrator,
  params: idParam,
  response,
  refusals: ['user_unknown'],
  async handle({ params }, { store }) {
    const user = await store.users.find(params.id);
    return user === null ? new Refusal('user_unknown') : { pages: 1, items: 1, users: [describeUser(user)] };
  },
});

function describeUser(user: UserEntry): z.infer<typeof userEntry> {
  const { userId, emails, roles, verified, enabled } = user;
  return { id: userId, emails: [...emails], roles: [...roles], verified, enabled };
}

/**
 * A3: an administrator enables, disables or removes a user. Disabling and removing end every credential at once. The last enabled
 * administrator cannot be changed (409), because no one could undo it.
 */
export const enableUser = switchUser(true);
export const disableUser = switchUser(false);

export const removeUser = defineOperation({
  name: 'removeUser',
  summary: 'Removes a user with everything that belongs to it',
  method: 'DELETE',
  paths: ['/admin/user/{id}'],
  credential: administrator,
  params: idParam,
  response: acknowledgement,
  refusals: ['user_unknown', 'administrator_last'],
  async handle({ params }, { store, revoked }) {
    const outcome = await store.users.remove(params.id, administratorRole);
    if (outcome !== 'done') return refuseChange(outcome);
    revoked({ kind: 'user', id: params.id });
    return acknowledged;
  },
  changed: ({ caller, params }) => ({ by: caller.userId, userId: params.id }),
});

function refuseChange(outcome: 'unknown' | 'last_holder'): Refusal {
  return new Refusal(outcome === 'unknown' ? 'user_unknown' : 'administrator_last');
}

function switchUser(enabled: boolean): Operation {
  const verb = enabled ? 'enable' : 'disable';
  return defineOperation({
    name: `${verb}User`,
    summary: enabled
      ? 'Enables a user again'
      : 'Disables a user: sessions end, and key pairs are rejected until the user is enabled again',
    method: 'PUT',
    paths: [`/admin/user/{id}/${verb}`],
    credential: administrator,
    params: idParam,
    response: acknowledgement,
    refusals: enabled ? ['user_unknown'] : ['user_unknown', 'administrator_last'],
    async handle({ params }, { store, revoked }) {
      const outcome = await store.users.setEnabled(params.id, enabled, administratorRole);
      if (outcome !== 'done') return refuseChange(outcome);
      // Also when enabled: a cached rejection of a key pair is no longer valid.
      revoked({ kind: 'user', id: params.id });
      return acknowledged;
    },
    changed: ({ caller, params }) => ({ by: caller.userId, userId: params.id }),
  });
}

/** A4: an administrator reads and changes the roles of a user. A change takes effect at the next check. */
export const readRoles = defineOperation({
  name: 'readRoles',
  summary: 'Returns the roles of a user',
  method: 'GET',
  paths: ['/admin/user/{id}/roles'],
  credential: administrator,
  params: idParam,
  response: z.object({ userID: id, roles: z.array(z.string()) }),
  refusals: ['user_unknown'],
  async handle({ params }, { store }) {
    const roles = await store.users.roles(params.id);
    return roles === null ? new Refusal('user_unknown') : { userID: params.id, roles: [...roles] };
  },
});

export const addRole = defineOperation({
  name: 'addRole',
  summary: 'Gives a role to a user',
  method: 'POST',
  paths: ['/admin/user/{id}/roles'],
  credential: administrator,
  params: idParam,
  body: z.object({ role: name }),
  response: acknowledgement,
  refusals: ['user_unknown'],
  async handle({ params, body }, { store, revoked }) {
    if (!(await store.users.addRole(params.id, body.role))) return new Refusal('user_unknown');
    revoked({ kind: 'user', id: params.id });
    return acknowledged;
  },
  changed: ({ caller, params, body }) => ({ by: caller.userId, userId: params.id, role: body.role }),
});

export const removeRole = defineOperation({
  name: 'removeRole',
  summary: 'Removes a role from a user',
  method: 'DELETE',
  paths: ['/admin/user/{id}/roles/{role}'],
  credential: administrator,
  params: z.object({ id, role: nameInPath }),
  response: acknowledgement,
  refusals: ['role_unknown', 'administrator_last'],
  async handle({ params }, { store, revoked }) {
    const outcome = await store.users.removeRole(params.id, params.role, administratorRole);
    if (outcome === 'last_holder') return new Refusal('administrator_last');
    if (outcome === 'unknown') return new Refusal('role_unknown');
    revoked({ kind: 'user', id: params.id });
    return acknowledged;
  },
  changed: ({ caller, params }) => ({ by: caller.userId, userId: params.id, role: params.role }),
});

const sessionEntry = z.object({
  sessionID: id,
  userID: id,
  ip: z.string(),
  userAgent: z.string(),
  expireAt,
  verified: z.boolean(),
});

/** A5: an administrator lists and ends sessions of any user. */
export const listAllSessions = defineOperation({
  name: 'listAllSessions',
  summary: 'Lists live sessions of all users in pages, newest first',
  method: 'GET',
  paths: ['/admin/sessions'],
  credential: administrator,
  query: z.object(paging),
  response: z.object({ pages: z.int(), items: z.int(), sessions: z.array(sessionEntry) }),
  async handle({ query }, { store, now }) {
    const { rows, total } = await store.sessions.page(query, now());
    const sessions = rows.map((session) => ({
      sessionID: session.sessionId,
      userID: session.userId,
      ip: session.ip,
      userAgent: session.userAgent,
      expireAt: toSeconds(session.expireAtMs),
      verified: session.verified,
    }));
    return { pages: pagesOf(total, query.limit), items: total, sessions };
  },
});

export const revokeAnySession = defineOperation({
  name: 'revokeAnySession',
  summary: 'Ends a session of any user at once',
  method: 'DELETE',
  paths: ['/admin/session/{id}'],
  credential: administrator,
  params: idParam,
  response: acknowledgement,
  refusals: ['session_unknown'],
  async handle({ params }, { store, now, revoked }) {
    if (!(await store.sessions.remove(params.id, null, now()))) return new Refusal('session_unknown');
    revoked({ kind: 'session', id: params.id });
    return acknowledged;
  },
  changed: ({ caller, params }) => ({ by: caller.userId, sessionId: params.id }),
});

const keyPairEntry = z.object({
  apiKey: z.string(),
  keyID: id,
  keyName: z.string(),
  userID: id,
  expireAt,
  verified: z.boolean(),
});

/** A5: an administrator lists and ends key pairs of any user. */
export const listAllKeyPairs = defineOperation({
  name: 'listAllKeyPairs',
  summary: 'Lists live key pairs of all users in pages, newest first',
  method: 'GET',
  paths: ['/admin/keypairs'],
  credential: administrator,
  query: z.object(paging),
  response: z.object({ pages: z.int(), items: z.int(), keys: z.array(keyPairEntry) }),
  async handle({ query }, { store, now }) {
    const { rows, total } = await store.keyPairs.page(query, now());
    const keys = rows.map((pair) => ({
      apiKey: pair.apiKey,
      keyID: pair.keyId,
      keyName: pair.name,
      userID: pair.userId,
      expireAt: toSeconds(pair.expireAtMs),
      verified: pair.verified,
    }));
    return { pages: pagesOf(total, query.limit), items: total, keys };
  },
});

export const revokeAnyKeyPair = defineOperation({
  name: 'revokeAnyKeyPair',
  summary: 'Ends a key pair of any user at once',
  method: 'DELETE',
  paths: ['/admin/keypair/{id}'],
  credential: administrator,
  params: idParam,
  response: acknowledgement,
  refusals: ['keypair_unknown'],
  async handle({ params }, { store, revoked }) {
    if (!(await store.keyPairs.remove(params.id, null))) return new Refusal('keypair_unknown');
    revoked({ kind: 'keyPair', id: params.id });
    return acknowledged;
  },
  changed: ({ caller, params }) => ({ by: caller.userId, keyId: params.id }),
});
