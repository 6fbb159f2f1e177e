/** A resolver for tests: before a double of an Auth API, with a clock that is set by hand and its events written down. */
import type { CacheConfig } from '../../../src/config/config.ts';
import type { AuthApiClientConfig } from '../../../src/identity/auth-api-client.ts';
import { createIdentityResolver, type IdentityResolver } from '../../../src/identity/resolver.ts';
import { type RecordedEvents, recordEvents } from './recorded-events.ts';
import { platformFields } from './samples.ts';

export interface TestResolver extends IdentityResolver {
  readonly events: RecordedEvents;
}

export interface Clock {
  nowMs: number;
}

export function makeResolver(
  url: string,
  clock: Clock,
  cache: Partial<CacheConfig> = {},
  authApi: Partial<AuthApiClientConfig> = {},
): TestResolver {
  const events = recordEvents();
  const resolver = createIdentityResolver({
    authApi: {
      url,
      timeoutMs: 2_000,
      concurrency: 64,
      breaker: { failures: 1_000, openMs: 60_000 },
      paths: { session: '/session', keypair: '/keypair' },
      headers: { apiKey: 'api-key', apiSecret: 'api-secret' },
      fields: platformFields,
      ...authApi,
    },
    cache: {
      secret: 'a secret of at least thirty-two characters',
      acceptedMs: 30_000,
      rejectedMs: 5_000,
      staleOnOutageMs: 0,
      maxAccepted: 1_000,
      maxRejected: 1_000,
      redis: null,
      ...cache,
    },
    events,
    now: () => clock.nowMs,
  });
  return { ...resolver, events };
}
