/** A resolver for tests: with a double of an Auth API, a manual clock and recorded events. */
import type { CacheConfig } from '../../../src/config/config.ts';
import type { AuthApiSourceConfig, SourcesConfig } from '../../../src/config/source-config.ts';
import { type CacheKeys, deriveCacheKeys } from '../../../src/identity/cache/cache-key.ts';
import { verdictRules } from '../../../src/identity/cache/verdict-rules.ts';
import { createIdentityResolver, type IdentityResolver } from '../../../src/identity/resolver.ts';
import type { ThrottleBounds } from '../../../src/limits/authentication-throttle.ts';
import { connectRedis } from '../../../src/redis/connect-redis.ts';
import { type RecordedEvents, recordEvents } from './recorded-events.ts';
import { ownUsers, platformFields } from './samples.ts';

export interface TestResolver extends IdentityResolver {
  readonly events: RecordedEvents;
}

export interface Clock {
  nowMs: number;
  /** If unset, the clock is never set back. */
  steadyMs?: number;
}

const testSecret = 'a secret of at least thirty-two characters';

const authApiAt = (urls: readonly string[]): AuthApiSourceConfig => ({
  urls,
  rejectedStatuses: [401],
  honorCacheControl: false,
  timeoutMs: 2_000,
  concurrency: 64,
  breaker: { failures: 1_000, openMs: 60_000 },
  paths: { session: '/session', keyPair: '/keypair' },
  headers: { apiKey: 'api-key', apiSecret: 'api-secret' },
  issuer: null,
  users: ownUsers(),
  ...platformFields,
  tls: null,
});

export function makeResolver(
  url: string | readonly string[],
  clock: Clock,
  cache: Partial<CacheConfig> = {},
  authApi: Partial<AuthApiSourceConfig> = {},
  random: () => number = () => 0,
  failedAuthentications: ThrottleBounds | null = null,
): TestResolver {
  const events = recordEvents();
  const resolver = createIdentityResolver({
    sources: onlyAuthApi({ ...authApiAt(typeof url === 'string' ? [url] : url), ...authApi }),
    cache: {
      secret: testSecret,
      previousSecrets: [],
      acceptedMs: 30_000,
      rejectedMs: 5_000,
      staleOnOutageMs: 0,
      // The manual clock jumps; the connection remains proven.
      whileDisconnectedMs: 86_400_000,
      refreshAhead: false,
      maxAccepted: 1_000,
      maxRejected: 1_000,
      maxBytes: 16 * 1024 * 1024,
      redis: null,
      ...cache,
    },
    failedAuthentications,
    connectRedis,
    events,
    now: () => clock.nowMs,
    steady: () => clock.steadyMs ?? clock.nowMs,
    random,
  });
  return { ...resolver, events };
}

/** The keys under which the resolver above shares verdicts. */
export function sharedKeys(url: string, secret = testSecret, previousSecrets: readonly string[] = []): CacheKeys {
  return deriveCacheKeys(secret, previousSecrets, verdictRules('authApi', onlyAuthApi(authApiAt([url]))));
}

/** The Auth API as the only source. */
export function onlyAuthApi(config: AuthApiSourceConfig): SourcesConfig {
  return {
    list: [{ ...config, kind: 'authApi', name: 'authApi', short: true }],
    rule: { bearer: 'authApi', keyPair: 'authApi', apiKey: 'authApi', issuers: [], certificate: null, sessions: [] },
  };
}
