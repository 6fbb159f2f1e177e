/** `forwardToken`: which service receives which token of a session, and that nothing else passes for it. */
import { expect, test } from 'vitest';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { freePort } from '../../support/free-port.ts';
import { startOpenidProvider, webSecret } from '../../support/openid-provider.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startGateway } from '../../support/running-gateway.ts';

const running = closedAfterEach();
const clientSecret = 'a client secret';

async function world() {
  const [port, checks] = [await freePort(), await freePort()];
  const origin = `http://127.0.0.1:${port}`;
  const openid = await startOpenidProvider(
    { client_secret: clientSecret },
    { redirect_uris: [`${origin}/.rolegate/callback/corp`] },
  );
  running.push(openid);
  const service = await startRecordingUpstream();
  running.push(service);
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:${port}", admin: false }
authorizer: { listen: "127.0.0.1:${checks}", dialects: { caddy: /caddy } }
cache: { secret: a secret of the gateway with 32 characters }
upstreams: { pages: { targets: ['${service.origin}'] } }
sources:
  opaque:
    kind: introspection
    url: "${openid.issuer}/token/introspection"
    client: { id: gateway, secret: "${clientSecret}" }
    fields: { userId: client_id }
    userPrefix: "client:"
credentials: { bearer: { source: opaque }, keyPair: false }
signIn:
  origin: ${origin}
  providers:
    corp: { issuer: "${openid.issuer}", clientId: web, clientSecret: "${webSecret}", scopes: [openid, profile] }
defaults: { signIn: corp, access: authenticated }
routes:
  - { id: access, match: { path: /access }, upstream: pages, credentials: [session, bearer], forwardToken: access }
  - { id: ident, match: { path: /id }, upstream: pages, credentials: [session], forwardToken: id }
  - { id: optional, match: { path: /optional }, upstream: pages, credentials: [session], access: optional, forwardToken: access }
  - { id: none, match: { path: /none }, upstream: pages, credentials: [session] }
`);
  running.push(gateway);
  const browser = new CookieBrowser();
  /** The `Authorization` that the service receives. */
  const received = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const { status } = await browser.open(`${origin}${path}`, { headers: { 'sec-fetch-mode': 'cors', ...headers } });
    expect(status).toBe(200);
    const request = service.requests.at(-1)!;
    expect(request.header('cookie')).toEqual([]);
    return request.header('authorization');
  };
  const signIn = async () => expect((await browser.visit(`${origin}/none`)).status).toBe(200);
  return { origin, checks, openid, browser, received, signIn };
}

const claimsOf = (bearer: string) =>
  JSON.parse(Buffer.from(bearer.split('.')[1]!, 'base64url').toString()) as Readonly<Record<string, unknown>>;

test('the service receives the token that its route names, and Authorization of the client never passes for it', async () => {
  const { openid, received, signIn } = await world();
  await signIn();
  const [access, ...others] = await received('/access');
  expect(others).toEqual([]);
  const info = await fetch(`${openid.issuer}/me`, { headers: { authorization: access! } });
  expect(await info.json()).toMatchObject({ sub: 'ann' });
  const [id, ...more] = await received('/id', { authorization: 'Bearer of-the-client' });
  expect(more).toEqual([]);
  expect(claimsOf(id!)).toMatchObject({ iss: openid.issuer, aud: 'web', sub: 'ann' });
  // Without the setting, such a header belongs to the service.
  expect(await received('/none', { authorization: 'Bearer of-the-client' })).toEqual(['Bearer of-the-client']);
  expect(await received('/none')).toEqual([]);
});

test('another kind of credential and no credential get no token', async () => {
  const { openid, received } = await world();
  const { access_token: token } = await openid.clientCredentials();
  expect(await received('/access', { authorization: `Bearer ${token}` })).toEqual([]);
  expect(await received('/optional', { authorization: 'Bearer of-the-client' })).toEqual([]);
});

test('a proxy that asks for each request receives it with the permission', async () => {
  const { origin, checks, browser, received, signIn } = await world();
  await signIn();
  const [expected] = await received('/access');
  const id = browser.cookies.get(new URL(origin).host)!.get('rolegate-session')!;
  const check = async (path: string) =>
    await fetch(`http://127.0.0.1:${checks}/caddy`, {
      headers: {
        cookie: `rolegate-session=${id}`,
        'x-forwarded-method': 'GET',
        'x-forwarded-uri': path,
        'x-forwarded-host': new URL(origin).host,
        'x-forwarded-proto': 'http',
        'x-forwarded-for': '192.0.2.7',
      },
    });
  const allowed = await check('/access');
  expect(allowed.status).toBe(200);
  expect(allowed.headers.get('authorization')).toBe(expected);
  expect((await check('/none')).headers.get('authorization') ?? '').toBe('');
});
