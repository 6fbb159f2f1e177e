/** The bearer of a session at a real Auth API: extended, ended there, and while it does not respond. */
import { expect, test } from 'vitest';
import { createAuthApi } from '../../../src/auth-api/create-auth-api.ts';
import { createAuthApiClient } from '../../../src/sign-in/account/auth-api-client.ts';
import { createAuthApiProvider } from '../../../src/sign-in/account/auth-api-provider.ts';
import type { SignedIn } from '../../../src/sign-in/provider.ts';
import { authApiSettings } from '../../support/auth-api-settings.ts';
import { closedAfterEach } from '../../support/closed-after-each.ts';

const running = closedAfterEach();

async function signedIn() {
  let clockMs = 0;
  const now = () => Date.now() + clockMs;
  const log = { info() {}, warn() {}, error() {} };
  const authApi = await createAuthApi({ settings: authApiSettings, log: log as never, now });
  running.push(authApi);
  const { port } = await authApi.listen({ host: '127.0.0.1', port: 0 });
  const client = createAuthApiClient({ urls: [`http://127.0.0.1:${port}`], gatewaySecret: null });
  const place = { name: 'authApi', label: 'Wiki', origin: 'http://localhost' };
  const provider = createAuthApiProvider(place, client, now);
  running.push(provider);
  const person = { email: 'ann@example.test', fullName: 'Ann', alias: 'ann', roles: [], groups: [] };
  const { userId } = await authApi.createUser(person);
  const { bearer, sessionId } = await authApi.createVerifiedSession(userId);
  const callback = new URL(`http://localhost/?code=${bearer}`);
  const session = await provider.exchangeCode({ callback, state: '', nonce: '', verifier: '', maxAgeS: null });
  expect(session).toMatchObject({ kind: 'signed-in', subject: userId, claims: { sid: sessionId, name: 'Ann' } });
  const refresh = async ({ tokens, subject, claims }: SignedIn) => await provider.refresh(tokens, { subject, claims });
  return {
    authApi,
    provider,
    refresh,
    session: session as SignedIn,
    sessionId,
    later: (ms: number) => (clockMs += ms),
  };
}

test('is extended up to the cap, and not asked for more there', async () => {
  const { session, refresh, later } = await signedIn();
  let current = session;
  let extensions = 0;
  while (current.tokens.refresh !== null && extensions < 100) {
    later((current.tokens.expiresAtMs! - current.tokens.receivedAtMs) / 2);
    const next = await refresh(current);
    expect(next.kind).toBe('signed-in');
    current = next as SignedIn;
    extensions += 1;
  }
  // 30 days, in steps of half a day.
  expect(extensions).toBeGreaterThan(55);
  expect(extensions).toBeLessThan(70);
  expect(current.tokens.access).toBe(session.tokens.access);
});

test('is refused once it has ended there, and an outage is none of its', async () => {
  const { session, sessionId, provider, refresh, authApi } = await signedIn();
  await provider.endSession!({ tokens: session.tokens, providerSession: sessionId });
  expect(await refresh(session)).toMatchObject({ kind: 'refused' });
  await authApi.close();
  expect(await refresh(session)).toMatchObject({ kind: 'unavailable' });
  // Never rejects.
  await provider.endSession!({ tokens: session.tokens, providerSession: sessionId });
});
