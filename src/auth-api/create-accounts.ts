/** Functions for an embedder, without HTTP or mail: users, and credentials that are verified from the start. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Client } from '../operations/operation.ts';
import { AccountTakenError, type AuthApi } from './auth-api.ts';
import { accountFields } from './operations/account-fields.ts';
import { label, name } from './operations/fields.ts';
import { maxKeyDays, newKeyPair } from './operations/keypairs.ts';
import { newLink } from './operations/one-time-links.ts';
import { openSession } from './operations/open-session.ts';
import type { Services } from './services.ts';

const namesSchema = z.object({ roles: z.array(name), groups: z.array(name) });

const accountSchema = namesSchema.extend(accountFields);

const keySchema = z.object({ name: label(100), days: z.int().min(1).max(maxKeyDays) });

/** The request did not come over the network. */
const local: Client = { ip: '', userAgent: '', language: 'en' };

type Accounts = Pick<
  AuthApi,
  | 'createUser'
  | 'findUser'
  | 'findTaken'
  | 'readUser'
  | 'grant'
  | 'createLink'
  | 'createVerifiedSession'
  | 'createVerifiedKeyPair'
>;

export function createAccounts(services: Services): Accounts {
  const { store, now, revoked } = services;
  return {
    async createUser(account) {
      const checked = accountSchema.safeParse(account);
      if (!checked.success) throw new TypeError(z.prettifyError(checked.error));
      const userId = randomUUID();
      const user = { ...checked.data, id: userId, emailId: randomUUID(), createdAtMs: now(), verifyByMs: null };
      const outcome = await store.users.create(user, null);
      if (outcome !== 'done') throw new AccountTakenError(outcome === 'email_taken' ? 'email' : 'alias');
      return { userId };
    },

    findUser: (email) => store.users.findIdByEmail(email),
    findTaken: (account) => store.users.findTaken(account, now()),
    readUser: (userId) => store.users.find(userId),

    async grant(userId, names) {
      const checked = namesSchema.safeParse(names);
      if (!checked.success) throw new TypeError(z.prettifyError(checked.error));
      const added = await store.users.grant(userId, checked.data);
      if (added !== null && added.roles.length + added.groups.length > 0) revoked({ kind: 'user', id: userId });
      return added;
    },

    createLink: (userId) => newLink(userId, services),

    async createVerifiedSession(userId) {
      const { session, bearer } = openSession({ userId, emailId: null }, 'local', local, services);
      await store.sessions.create(session, null);
      return { bearer, sessionId: session.id, expireAtMs: session.expireAtMs };
    },

    async createVerifiedKeyPair(userId, keyName, days) {
      const checked = keySchema.safeParse({ name: keyName, days });
      if (!checked.success) throw new TypeError(z.prettifyError(checked.error));
      const { pair, apiSecret } = newKeyPair({ id: randomUUID(), userId, ...checked.data }, services);
      await store.keyPairs.create(pair, null);
      return { apiKey: pair.apiKey, apiSecret, keyId: pair.id, expireAtMs: pair.expireAtMs };
    },
  };
}
