/** What a provider says to a refresh token: a refusal of the user ends the session, a refusal of the client is a fault of the installation. */
import { expect, test } from 'vitest';
import { createOpenidProvider } from '../../../src/sign-in/openid-provider.ts';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { startOpenidProvider, webSecret } from '../../support/openid-provider.ts';

const running = closedAfterEach();

async function world(secret = webSecret) {
  const openid = await startOpenidProvider({});
  running.push(openid);
  const { access_token: access, refresh_token: refresh = null } = await openid.codeFlow({
    scope: 'openid offline_access',
  });
  const client = { id: 'web', secret };
  const settings = {
    name: 'corp',
    label: 'corp',
    issuer: openid.issuer,
    client,
    scopes: ['openid'],
    authorizationParameters: {},
    tls: null,
    timeoutMs: 2_000,
  };
  const provider = createOpenidProvider(settings, Date.now);
  running.push(provider);
  const tokens = { access, id: null, refresh, expiresAtMs: null, receivedAtMs: Date.now() };
  return { openid, refresh: (subject = 'ann') => provider.refresh(tokens, { subject, claims: {} }), token: refresh! };
}

test('a good one gives new tokens', async () => {
  const { refresh } = await world();
  expect(await refresh()).toMatchObject({ kind: 'signed-in', subject: 'ann' });
});

test('one that was revoked ends the session', async () => {
  const { openid, refresh, token } = await world();
  await openid.revoke(token);
  expect(await refresh()).toMatchObject({ kind: 'refused', error: 'invalid_grant' });
});

test('tokens of another user end the session', async () => {
  const { refresh } = await world();
  expect(await refresh('bob')).toMatchObject({ kind: 'refused', error: 'other_subject' });
});

test('a secret that was replaced at the provider signs nobody out', async () => {
  const { refresh } = await world('the former secret');
  const result = await refresh();
  expect(result).toMatchObject({ kind: 'unavailable', detail: expect.stringContaining('invalid_client') });
});

test('a provider that is away signs nobody out', async () => {
  const { openid, refresh } = await world();
  await openid.close();
  running.splice(running.indexOf(openid), 1);
  expect((await refresh()).kind).toBe('unavailable');
});
