/** What a provider says to a refresh token: a refusal of the user ends the session, a refusal of the client is a fault of the installation. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
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

test('tokens that were renewed are not lost if the claims cannot be read then', async () => {
  const issuer = await startRotatingProvider();
  running.push(issuer);
  const client = { id: 'web', secret: 'x' };
  const common = { name: 'corp', label: 'corp', scopes: ['openid'], authorizationParameters: {}, tls: null };
  const provider = createOpenidProvider({ ...common, issuer: issuer.url, client, timeoutMs: 2_000 }, Date.now);
  running.push(provider);
  const before = { access: 'a', id: null, refresh: 'r0', expiresAtMs: 0, receivedAtMs: 0 };
  issuer.away = true;
  const failed = await provider.refresh(before, { subject: 'ann', claims: {} });
  expect(failed).toMatchObject({ kind: 'unavailable', tokens: { access: 'a1', refresh: 'r1' } });
  issuer.away = false;
  const tokens = failed.kind === 'unavailable' ? failed.tokens! : before;
  expect(await provider.refresh(tokens, { subject: 'ann', claims: {} })).toMatchObject({
    kind: 'signed-in',
    tokens: { refresh: 'r2' },
  });
  // Control: the former token is of no use.
  expect(await provider.refresh(before, { subject: 'ann', claims: {} })).toMatchObject({ error: 'invalid_grant' });
});

/** Each refresh token is good once. While it is away, only UserInfo fails. */
async function startRotatingProvider() {
  const used = new Set<string | null>();
  const server = createServer(async (request, response) => {
    const json = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const { url } = provider;
    if (request.url === '/u') return json(provider.away ? 503 : 200, { sub: 'ann' });
    if (request.url !== '/t') {
      const endpoints = {
        authorization_endpoint: `${url}/a`,
        token_endpoint: `${url}/t`,
        userinfo_endpoint: `${url}/u`,
      };
      return json(200, { issuer: url, ...endpoints, jwks_uri: `${url}/j` });
    }
    let text = '';
    for await (const part of request) text += String(part);
    const token = new URLSearchParams(text).get('refresh_token');
    if (used.has(token)) return json(400, { error: 'invalid_grant' });
    used.add(token);
    const [access_token, refresh_token] = [`a${used.size}`, `r${used.size}`];
    return json(200, { access_token, token_type: 'bearer', expires_in: 60, refresh_token });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const provider = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    away: false,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return provider;
}
