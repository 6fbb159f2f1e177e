/** A client of the Auth API for tests, with its events written down. */
import {
  type AuthApiClient,
  type AuthApiClientConfig,
  createAuthApiClient,
} from '../../../src/identity/sources/auth-api/client.ts';
import { type RecordedEvents, recordEvents } from './recorded-events.ts';
import { platformFields } from './samples.ts';

export interface TestClient extends AuthApiClient {
  readonly events: RecordedEvents;
}

export function makeClient(url: string, changes: Partial<AuthApiClientConfig> = {}): TestClient {
  const events = recordEvents();
  const client = createAuthApiClient({
    config: {
      urls: [url],
      rejectedStatuses: [401],
      honorCacheControl: false,
      timeoutMs: 2_000,
      concurrency: 8,
      breaker: { failures: 100, openMs: 60_000 },
      paths: { session: '/session', keypair: '/keypair' },
      headers: { apiKey: 'api-key', apiSecret: 'api-secret' },
      fields: platformFields,
      ...changes,
    },
    events,
    now: Date.now,
  });
  return { ...client, events };
}
