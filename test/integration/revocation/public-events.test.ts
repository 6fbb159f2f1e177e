/** Event tokens of issuers on the public port, where a provider on the internet reaches the gateway. */
import { expect, test } from 'vitest';
import { startTokenWorld, type TokenGateway, type TokenWorld } from './token-world.ts';

const form = 'application/x-www-form-urlencoded';
const events = 'application/secevent+jwt';

async function start(): Promise<{ world: TokenWorld; gateway: TokenGateway }> {
  const world = await startTokenWorld();
  return { world, gateway: await world.gateway() };
}

function post(
  { origin }: TokenGateway,
  path: string,
  contentType: string,
  body: string | ReadableStream,
): Promise<Response> {
  const headers = { 'content-type': contentType, authorization: 'Bearer of-another-kind' };
  return fetch(`${origin}${path}`, { method: 'POST', headers, body, duplex: 'half' } as RequestInit);
}

test('a logout token ends its session, whatever credential accompanies it', async () => {
  const { world, gateway } = await start();
  const token = await world.issuer.token();
  expect(await gateway.status(token)).toBe(200);
  const response = await post(
    gateway,
    '/logout',
    `${form}; charset=utf-8`,
    `logout_token=${await world.logoutToken()}`,
  );
  const { status, headers } = response;
  expect([status, headers.get('cache-control'), await response.text()]).toEqual([200, 'no-store', '']);
  expect(await gateway.status(token)).toBe(401);
});

test('a security event token ends its session', async () => {
  const { world, gateway } = await start();
  const token = await world.issuer.token();
  expect(await gateway.status(token)).toBe(200);
  const response = await post(gateway, '/events', events, await world.eventToken());
  expect([response.status, await response.text()]).toEqual([202, '']);
  expect(await gateway.status(token)).toBe(401);
});

test('refuses invalid tokens as the standards require', async () => {
  const { world, gateway } = await start();
  const logout = await world.logoutToken({ aud: 'another' });
  const refused = await post(gateway, '/logout', form, `logout_token=${logout}`);
  expect([refused.status, refused.headers.get('content-type')]).toEqual([400, 'application/json']);
  expect(refused.headers.get('x-error-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(await refused.json()).toEqual({
    error: 'invalid_request',
    error_description: 'the token is for another audience',
  });
  const event = await post(gateway, '/events', events, await world.eventToken({ aud: 'another' }));
  expect([event.status, await event.json()]).toEqual([
    400,
    { err: 'invalid_audience', description: 'the token is for another audience' },
  ]);
  expect(await gateway.status(await world.issuer.token())).toBe(200);
});

const large = `logout_token=${'a'.repeat(40_000)}`;
const inChunks = (text: string) => new Blob([text]).stream();

test.each([
  ['with another content type', '/logout', 'application/json', '{}', 415, 'content_type_unsupported'],
  ['with the content type of the other endpoint', '/events', form, 'logout_token=a', 415, 'content_type_unsupported'],
  ['without a token', '/logout', form, '', 400, null],
  ['that is too large', '/logout', form, large, 413, 'body_too_large'],
  ['that is too large, with chunks', '/logout', form, inChunks(large), 413, 'body_too_large'],
  ['with an endless token', '/events', events, 'a'.repeat(20_000), 400, null],
])('a request %s is refused', async (_name, path, type, body, status, code) => {
  const { world, gateway } = await start();
  const response = await post(gateway, path, type, body);
  const { code: found = null } = (await response.json()) as { code?: string };
  expect([response.status, found]).toEqual([status, code]);
  expect(response.headers.get('x-error')).not.toBeNull();
  // Control: the next one is accepted.
  const good = await post(gateway, '/logout', form, `logout_token=${await world.logoutToken()}`);
  expect(good.status).toBe(200);
});

test('accepts only POST', async () => {
  const { gateway } = await start();
  const response = await fetch(`${gateway.origin}/logout`);
  await response.arrayBuffer();
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
});
