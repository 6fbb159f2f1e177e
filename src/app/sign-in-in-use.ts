/**
 * Joins the configured providers and the store of sessions into the pages of sign-in and what the look-up of identities needs of them.
 */
import { randomBytes } from 'node:crypto';
import type { AccountsConfig } from '../config/accounts-config.ts';
import type { Config, RedisConfig, SignInConfig } from '../config/config.ts';
import { accountSource } from '../config/source-config.ts';
import type { SessionSettings } from '../core/credential/credential.ts';
import type { IdentityEvents } from '../identity/events.ts';
import type { Revocations } from '../identity/revocation/create-revocations.ts';
import { createRedisSessionStore } from '../identity/sessions/redis-session-store.ts';
import { deriveSessionSecrets, isSessionId, nameOfSession } from '../identity/sessions/sealed-session.ts';
import type { SessionEviction, SessionStore, StoredSession } from '../identity/sessions/session-store.ts';
import { createSqliteSessionStore } from '../identity/sessions/sqlite-session-store.ts';
import type { SessionsInUse } from '../identity/sources/session/session-source.ts';
import { awaitingStart } from '../redis/awaiting-start.ts';
import { connectRedis } from '../redis/connect-redis.ts';
import type { RedisLink } from '../redis/redis-link.ts';
import type { OwnPages } from '../request-line/runtime.ts';
import type { Accounts } from '../sign-in/account/accounts.ts';
import { type AuthApiPlace, createAuthApiClient } from '../sign-in/account/auth-api-client.ts';
import { createAuthApiProvider } from '../sign-in/account/auth-api-provider.ts';
import { createProvider } from '../sign-in/create-provider.ts';
import { createSignIn } from '../sign-in/create-sign-in.ts';
import { createHostCookies } from '../sign-in/host-cookies.ts';
import type { Provider } from '../sign-in/provider.ts';
import { createSpentTransactions } from '../sign-in/spent-transactions.ts';

export interface SignInInUse {
  readonly pages: OwnPages;
  /** How requests present a session. */
  readonly cookies: SessionSettings;
  readonly open: OpenSessions;
  readonly sessions: SessionsInUse;
  /** Names of sessions are the same for the look-up and for the store. */
  readonly secret: string;
  /** Sessions that people end are announced as revoked there: cached results and open streams end, on every replica. */
  endBy(revocations: Pick<Revocations, 'revoke'>): void;
  close(): Promise<void>;
}

/** Without a configured secret, a session ends with its process. */
const ofProcess = randomBytes(32).toString('base64url');

/** The store of sessions, with its connection. It outlives a reload that changes providers, so that sessions in memory survive. */
export interface OpenSessions {
  readonly store: SessionStore;
  /** Of the pages, too; null: there is no Redis. */
  readonly shared: { readonly link: RedisLink; readonly keyPrefix: string } | null;
  readonly secret: string;
  /** Called with the handle of each session that ends because of a bound. */
  announceTo(announce: (handle: string) => void): void;
  close(): Promise<void>;
}

/** Throws if the file of sessions cannot be opened. */
export function openSessions(
  { sessions: settings }: SignInConfig,
  { redis, secret: configSecret, previousSecrets }: Config['cache'],
  { events, now }: { readonly events: Pick<IdentityEvents, 'sessionEvicted'>; readonly now: () => number },
): OpenSessions {
  const secret = configSecret ?? ofProcess;
  const link = redis === null ? null : linkFor(redis);
  let announce: (handle: string) => void = () => {};
  const onEvict = (by: SessionEviction, handle: string) => {
    events.sessionEvicted(by);
    announce(handle);
  };
  const shared = link === null ? null : { link, keyPrefix: redis!.keyPrefix };
  const common = { bounds: settings, secret, previousSecrets, onEvict, now };
  const { store: place } = settings;
  const store =
    place === 'redis'
      ? createRedisSessionStore({ ...common, ...shared! })
      : createSqliteSessionStore({ ...common, file: place === 'memory' ? null : place.file });
  return {
    store,
    shared,
    secret,
    announceTo(next) {
      announce = next;
    },
    async close() {
      await store.close();
      link?.close();
    },
  };
}

/** A verdict that Redis does not return in time is a miss; a session would be an outage for its user. */
const minCommandTimeoutMs = 1_000;

function linkFor(redis: RedisConfig): RedisLink {
  const commandTimeoutMs = Math.max(redis.commandTimeoutMs, minCommandTimeoutMs);
  return awaitingStart(connectRedis({ ...redis, commandTimeoutMs }, { name: 'rolegate-sign-in' }));
}

export function createSignInInUse(
  { origin, otherOrigins, providers: configured, accounts: accountSettings, sessions: settings }: SignInConfig,
  { cache: { previousSecrets }, credentials }: Pick<Config, 'cache' | 'credentials'>,
  open: OpenSessions,
  now: () => number,
  authApi: AuthApiPlace,
): SignInInUse {
  const { store, shared, secret } = open;
  const accounts = accountSettings === null ? null : accountsAt(authApi, accountSettings, origin, now);
  const providers = new Map<string, Provider>([
    ...configured.map((one) => [one.name, createProvider(one, now)] as const),
    ...(accounts === null ? [] : [[accountSource, accounts.provider] as const]),
  ]);
  const secrets = deriveSessionSecrets(secret, previousSecrets);
  const allSecrets = [secret, ...previousSecrets];
  const hosts = createHostCookies(origin, otherOrigins, allSecrets);
  const cookies = { ...credentials.session!, others: otherOrigins.length === 0 ? null : hosts };
  let revocations: Pick<Revocations, 'revoke'> | null = null;

  async function announceEnd(lookups: readonly string[]): Promise<void> {
    await revocations?.revoke({ kind: 'credential', lookups }, 'route');
  }

  async function endAtProvider(session: StoredSession): Promise<void> {
    await providers.get(session.provider)?.endSession?.(session);
  }

  const pages = createSignIn({
    origin,
    accounts,
    otherOrigins,
    cookies,
    hosts,
    providers: [...providers.values()],
    sessions: {
      open: (session) => store.open(session),
      find: (id) => store.find(id),
      listOf: (issuer, subject) => store.listOf(issuer, subject),
      async end(id) {
        const session = await store.find(id);
        await store.end(id);
        if (session !== null) await endAtProvider(session);
        if (isSessionId(id)) await announceEnd(secrets.map((one) => nameOfSession(id, one)));
      },
      async endByHandle(issuer, subject, handle) {
        const own = await store.listOf(issuer, subject);
        const meant = own.find((one) => one.handle === handle);
        if (meant === undefined) return;
        await store.endByHandle(issuer, subject, handle);
        await endAtProvider(meant.session);
        await announceEnd([handle]);
      },
    },
    secrets: allSecrets,
    spent: createSpentTransactions(now, shared),
    now,
  });
  return {
    pages,
    cookies,
    open,
    secret,
    sessions: {
      store,
      maxLifetimeMs: settings.maxLifetimeMs,
      refresh: async (provider, { tokens, subject, claims }) =>
        (await providers.get(provider)?.refresh(tokens, { subject, claims })) ?? unknownProvider,
      async endOf({ issuer, subject, providerSession }) {
        const own = await store.listOf(issuer, subject);
        const meant = own.filter(
          ({ session }) => providerSession === null || session.providerSession === providerSession,
        );
        await Promise.all(meant.map(({ handle }) => store.endByHandle(issuer, subject, handle)));
        return meant.map(({ handle }) => handle);
      },
    },
    endBy(next) {
      revocations = next;
      open.announceTo((handle) => void announceEnd([handle]));
    },
    async close() {
      await Promise.all([...providers.values()].map((provider) => provider.close()));
    },
  };
}

function accountsAt(authApi: AuthApiPlace, settings: AccountsConfig, origin: string, now: () => number): Accounts {
  const client = createAuthApiClient(authApi);
  return {
    settings,
    client,
    provider: createAuthApiProvider({ name: accountSource, label: settings.name, origin }, client, now),
  };
}

const unknownProvider = { kind: 'refused', detail: 'the configuration has no such provider' } as const;

/** Whether both configurations sign people in alike, and, for `storesAlike`, keep their sessions in the same place. */
export function signsInAlike(a: Config, b: Config): boolean {
  return storesAlike(a, b) && JSON.stringify(a.signIn) === JSON.stringify(b.signIn);
}

export function storesAlike(a: Config, b: Config): boolean {
  return JSON.stringify(storeOf(a)) === JSON.stringify(storeOf(b));
}

const storeOf = ({ signIn, cache: { redis, secret, previousSecrets } }: Config) => [
  ...[signIn?.sessions, redis, secret, previousSecrets],
];
