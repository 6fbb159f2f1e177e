/**
 * Joins the configured providers and the store of sessions into the pages of sign-in and what the look-up of identities needs of them. A
 * reload keeps it if nothing of it has changed, so that sessions in memory survive.
 */
import { randomBytes } from 'node:crypto';
import type { Config, SignInConfig } from '../config/config.ts';
import type { Revocations } from '../identity/revocation/create-revocations.ts';
import { createRedisSessionStore } from '../identity/sessions/redis-session-store.ts';
import { deriveSessionSecrets, isSessionId, nameOfSession } from '../identity/sessions/sealed-session.ts';
import type { SessionStore } from '../identity/sessions/session-store.ts';
import { createSqliteSessionStore } from '../identity/sessions/sqlite-session-store.ts';
import type { SessionsInUse } from '../identity/sources/session/session-source.ts';
import { connectRedis } from '../redis/connect-redis.ts';
import type { OwnPages } from '../request-line/runtime.ts';
import { createSignIn } from '../sign-in/create-sign-in.ts';
import { createOpenidProvider } from '../sign-in/openid-provider.ts';
import { createSpentTransactions } from '../sign-in/spent-transactions.ts';

export interface SignInInUse {
  readonly pages: OwnPages;
  readonly sessions: SessionsInUse;
  /** Names of sessions are the same for the look-up and for the store. */
  readonly secret: string;
  /** Sessions that people end are announced as revoked there: cached results and open streams end, on every replica. */
  endBy(revocations: Pick<Revocations, 'revoke'>): void;
  close(): Promise<void>;
}

/** Without a configured secret, a session ends with its process. */
const ofProcess = randomBytes(32).toString('base64url');

export function createSignInInUse(
  { origin, providers: configured, sessions: settings }: SignInConfig,
  { redis, secret: written, previousSecrets }: Config['cache'],
  now: () => number,
): SignInInUse {
  const secret = written ?? ofProcess;
  const link = redis === null ? null : connectRedis(redis, { name: 'rolegate-sign-in' });
  const shared = link === null ? null : { link, keyPrefix: redis!.keyPrefix };
  const common = { bounds: settings, secret, previousSecrets, onEvict() {}, now };
  const { store: place } = settings;
  const store: SessionStore =
    place === 'redis'
      ? createRedisSessionStore({ ...common, ...shared! })
      : createSqliteSessionStore({ ...common, file: place === 'memory' ? null : place.file });
  const providers = new Map(configured.map((one) => [one.name, createOpenidProvider(one, now)]));
  const secrets = deriveSessionSecrets(secret, previousSecrets);
  let revocations: Pick<Revocations, 'revoke'> | null = null;

  async function announceEnd(lookups: readonly string[]): Promise<void> {
    await revocations?.revoke({ kind: 'credential', lookups }, 'route');
  }

  const pages = createSignIn({
    origin,
    providers: [...providers.values()],
    sessions: {
      open: (session) => store.open(session),
      find: (id) => store.find(id),
      listOf: (issuer, subject) => store.listOf(issuer, subject),
      async end(id) {
        await store.end(id);
        if (isSessionId(id)) await announceEnd(secrets.map((one) => nameOfSession(id, one)));
      },
      async endByHandle(issuer, subject, handle) {
        const own = await store.listOf(issuer, subject);
        if (!own.some((one) => one.handle === handle)) return;
        await store.endByHandle(issuer, subject, handle);
        await announceEnd([handle]);
      },
    },
    secrets: [secret, ...previousSecrets],
    spent: createSpentTransactions(now, shared),
    now,
  });
  return {
    pages,
    secret,
    sessions: {
      store,
      maxLifetimeMs: settings.maxLifetimeMs,
      refresh: async (provider, { tokens, subject, claims }) =>
        (await providers.get(provider)?.refresh(tokens, { subject, claims })) ?? unknownProvider,
    },
    endBy(next) {
      revocations = next;
    },
    async close() {
      await store.close();
      link?.close();
      await Promise.all([...providers.values()].map((provider) => provider.close()));
    },
  };
}

const unknownProvider = { kind: 'refused', detail: 'the configuration has no such provider' } as const;

/** Whether both configurations sign people in alike. */
export function signsInAlike(a: Config, b: Config): boolean {
  return JSON.stringify(signingIn(a)) === JSON.stringify(signingIn(b));
}

const signingIn = ({ signIn, cache }: Config) => [signIn, cache];
