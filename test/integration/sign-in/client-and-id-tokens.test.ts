/** How the gateway authenticates to the provider, how far their clocks may differ, and which ID tokens it refuses. */
import { generateKeyPairSync } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { expect, test } from 'vitest';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { freePort } from '../../support/free-port.ts';
import { startOpenidProvider, webSecret } from '../../support/openid-provider.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { goodClaims, makeKey, nowS, startTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';

const running = closedAfterEach();

/** `client`: its keys in the configuration. */
async function gatewayFor(issuer: string, port: number, client: string, pem = '') {
  const service = await startRecordingUpstream();
  running.push(service);
  const gateway = await startGateway(
    `version: 1
server: { listen: "127.0.0.1:${port}" }
cache: { secret: a secret of the gateway with 32 characters }
upstreams: { pages: { targets: ['${service.origin}'] } }
signIn:
  origin: http://127.0.0.1:${port}
  providers: { corp: { issuer: "${issuer}", clientId: web, ${client}, scopes: [openid, profile] } }
routes:
  - { id: pages, match: { path: /** }, upstream: pages, signIn: corp, credentials: [session], access: authenticated }
`,
    () => pem,
  );
  running.push(gateway);
  return gateway;
}

test.each([
  ['EC', generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'ES256'],
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }), 'RS256'],
])('with an %s key instead of a secret, and a provider that takes pushed requests only', async (_name, pair, alg) => {
  const port = await freePort();
  const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'gateway-1', alg, use: 'sig' };
  const openid = await startOpenidProvider(
    {},
    {
      redirect_uris: [`http://127.0.0.1:${port}/.rolegate/callback/corp`],
      client_secret: undefined,
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: alg,
      require_pushed_authorization_requests: true,
      jwks: { keys: [jwk] },
    },
  );
  running.push(openid);
  const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const { origin } = await gatewayFor(openid.issuer, port, 'clientKey: { file: /run/secrets/client.pem }', pem);
  const seen = await new CookieBrowser().visit(`${origin}/a`);
  expect(seen).toMatchObject({ status: 200, url: `${origin}/a` });
  const asked = seen.way.find((one) => one.startsWith(`${openid.issuer}/auth?`))!;
  expect([...new URL(asked).searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
});

test('parameters of the configuration reach the provider, and a demand for a new sign-in replaces its own', async () => {
  const issuer = await startTokenIssuer();
  running.push(issuer);
  issuer.respond = (_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ issuer: issuer.issuer, authorization_endpoint: `${issuer.issuer}/auth` }));
  };
  const more = `clientSecret: "${webSecret}", authorizationParameters: { access_type: offline, prompt: consent }`;
  const { origin } = await gatewayFor(issuer.issuer, await freePort(), more);
  const parametersOf = async (query: string) => {
    const response = await new CookieBrowser().open(`${origin}/.rolegate/sign-in/corp?go=1${query}`);
    const { searchParams } = new URL(response.headers.get('location')!);
    return ['access_type', 'prompt', 'response_type', 'code_challenge_method'].map((name) => searchParams.get(name));
  };
  expect(await parametersOf('')).toEqual(['offline', 'consent', 'code', 'S256']);
  expect(await parametersOf('&prompt=login')).toEqual(['offline', 'login', 'code', 'S256']);
});

/** The status of the callback, at a provider whose ID tokens are made so. `good`: the claims of one that counts. */
async function signInWith(
  make: (issuer: TokenIssuer, good: JWTPayload) => Promise<string>,
  metadata: object = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const issuer = await startTokenIssuer();
  running.push(issuer);
  let nonce = '';
  issuer.respond = async (request, response) => {
    const json = (body: object) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    const { issuer: iss } = issuer;
    if (request.url === '/jwks') json({ keys: issuer.keys });
    else if (request.url === '/token') {
      const id_token = await make(issuer, { aud: 'web', nonce });
      json({ access_token: 'a', token_type: 'bearer', expires_in: 300, id_token });
    } else {
      const endpoints = {
        authorization_endpoint: `${iss}/auth`,
        token_endpoint: `${iss}/token`,
        jwks_uri: `${iss}/jwks`,
      };
      json({ issuer: iss, ...endpoints, id_token_signing_alg_values_supported: ['ES256'], ...metadata });
    }
  };
  const { origin } = await gatewayFor(issuer.issuer, await freePort(), `clientSecret: "${webSecret}"`);
  const browser = new CookieBrowser();
  const { url } = await browser.visit(`${origin}/a`, {}, (one) => one.startsWith(issuer.issuer));
  const asked = new URL(url).searchParams;
  nonce = asked.get('nonce')!;
  const query = new URLSearchParams({ code: 'c', state: asked.get('state')! });
  return await browser.visit(`${origin}/.rolegate/callback/corp?${query}`);
}

test.each([
  ['the provider is 55 s ahead', { iat: 55, nbf: 55, exp: 355 }, 200],
  ['the provider is 55 s behind, with short ID tokens', { iat: -85, exp: -55 }, 200],
  ['control: 65 s ahead', { iat: 65, nbf: 65, exp: 365 }, 403],
  ['control: an ID token that ended 65 s ago', { iat: -125, exp: -65 }, 403],
])('clocks: %s', async (_name, times, status) => {
  const shifted = Object.fromEntries(Object.entries(times).map(([name, by]) => [name, nowS() + by]));
  const page = await signInWith((issuer, good) => issuer.token({ ...good, ...shifted }, idToken));
  expect([page.status, page.text.includes('clocks_differ')]).toEqual([status, status !== 200]);
});

const idToken = { typ: 'JWT' };
const unsigned = (claims: object) =>
  `${[{ alg: 'none' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`;

test.each<[string, (issuer: TokenIssuer, good: JWTPayload) => Promise<string>, number]>([
  ['control: a good one', (issuer, good) => issuer.token(good, idToken), 200],
  ['for another client', (issuer, good) => issuer.token({ ...good, aud: 'other' }, idToken), 403],
  [
    'for several clients, issued to another one',
    (issuer, good) => issuer.token({ ...good, aud: ['web', 'other'], azp: 'other' }, idToken),
    403,
  ],
  ['of another issuer', (issuer, good) => issuer.token({ ...good, iss: 'https://other.example' }, idToken), 403],
  [
    'with the nonce of another sign-in',
    (issuer, good) => issuer.token({ ...good, nonce: 'n'.repeat(43) }, idToken),
    403,
  ],
  ['without a nonce', (issuer, good) => issuer.token({ ...good, nonce: undefined }, idToken), 403],
  ['without a subject', (issuer, good) => issuer.token({ ...good, sub: undefined as never }, idToken), 403],
  [
    'signed with a key that the issuer does not publish',
    async (issuer, good) => issuer.token(good, idToken, await makeKey('first')),
    403,
  ],
  ['without a signature', async (issuer, good) => unsigned({ ...goodClaims(issuer.issuer), ...good }), 403],
])('an ID token %s', async (_name, make, status) => {
  const page = await signInWith(make);
  expect([page.status, page.text.includes('clocks_differ')]).toEqual([status, false]);
});

test('metadata of another issuer open no session', async () => {
  const make = (issuer: TokenIssuer, good: JWTPayload) => issuer.token(good, idToken);
  expect((await signInWith(make, { issuer: 'https://other.example' })).status).toBe(403);
});
