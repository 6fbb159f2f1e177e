/** Joins the configured providers and the store of sessions into the pages of sign-in. A reload keeps them if nothing of theirs has changed. */
import { randomBytes } from 'node:crypto';
import type { Config, SignInConfig } from '../config/config.ts';
import type { SessionStore } from '../identity/sessions/session-store.ts';
import { connectRedis } from '../redis/connect-redis.ts';
import type { OwnPages } from '../request-line/runtime.ts';
import { createSignIn } from '../sign-in/create-sign-in.ts';
import { createOpenidProvider } from '../sign-in/openid-provider.ts';
import type { Provider } from '../sign-in/provider.ts';
import { createSpentTransactions } from '../sign-in/spent-transactions.ts';

export interface SignInPages {
  readonly pages: OwnPages;
  /** By the names of the configuration. */
  readonly providers: ReadonlyMap<string, Provider>;
  close(): Promise<void>;
}

/** Without a configured secret, a sign-in ends with the process in which it began. */
const ofProcess = randomBytes(32).toString('base64url');

export function createSignInPages(
  { origin, providers: configured }: SignInConfig,
  { redis, secret, previousSecrets }: Config['cache'],
  sessions: SessionStore,
  now: () => number,
): SignInPages {
  const link = redis === null ? null : connectRedis(redis, { name: 'rolegate-sign-in' });
  const shared = link === null ? null : { link, keyPrefix: redis!.keyPrefix };
  const providers = configured.map((settings) => createOpenidProvider(settings, now));
  const pages = createSignIn({
    origin,
    providers,
    sessions,
    secrets: [secret ?? ofProcess, ...previousSecrets],
    spent: createSpentTransactions(now, shared),
    now,
  });
  return {
    pages,
    providers: new Map(providers.map((provider) => [provider.name, provider])),
    async close() {
      link?.close();
      await Promise.all(providers.map((provider) => provider.close()));
    },
  };
}

/** Whether both configurations sign people in alike. */
export function signsInAlike(a: Config, b: Config): boolean {
  return JSON.stringify(signingIn(a)) === JSON.stringify(signingIn(b));
}

const signingIn = ({ signIn, cache }: Config) => [signIn, cache];
