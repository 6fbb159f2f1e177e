/** A client of the Auth API for tests, with its events recorded. */
import type { AuthApiSourceConfig } from '../../../src/config/source-config.ts';
import { createAuthApiSource } from '../../../src/identity/sources/auth-api/auth-api-source.ts';
import type { Source } from '../../../src/identity/sources/source.ts';
import { type RecordedEvents, recordEvents } from './recorded-events.ts';
import { ownUsers, platformFields } from './samples.ts';

export interface TestClient extends Source {
  readonly events: RecordedEvents;
}

export function makeClient(url: string, changes: Partial<AuthApiSourceConfig> = {}): TestClient {
  const events = recordEvents();
  const client = createAuthApiSource({
    name: 'authApi',
    settings: 'authApi',
    config: {
      urls: [url],
      rejectedStatuses: [401],
      honorCacheControl: false,
      timeoutMs: 2_000,
      concurrency: 8,
      breaker: { failures: 100, openMs: 60_000 },
      paths: { session: '/session', keyPair: '/keypair' },
      headers: { apiKey: 'api-key', apiSecret: 'api-secret' },
      issuer: null,
      users: ownUsers(),
      ...platformFields,
      tls: null,
      ...changes,
    },
    events,
    now: Date.now,
    steady: () => performance.now(),
  });
  return { ...client, events };
}
