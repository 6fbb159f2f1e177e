/** Conditions on an address count only if the source says that it is verified, whatever its kind; the control is the verified one. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { closedAfterEach } from '../../../support/closed-after-each.ts';
import { CookieBrowser } from '../../../support/cookie-browser.ts';
import { freePort } from '../../../support/free-port.ts';
import { startRecordingUpstream } from '../../../support/recording-upstream.ts';
import { startGateway } from '../../../support/running-gateway.ts';
import { nowS, startTokenIssuer } from '../../../support/token-issuer.ts';

const running = closedAfterEach();

type Json = Readonly<Record<string, unknown>>;

/** A server with one JSON for every request. */
async function startJsonServer() {
  const made = { json: {} as Json, origin: '', close: async () => {} };
  const server = createServer((_request, response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify(made.json)),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  made.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  made.close = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  running.push(made);
  return made;
}

const claims = `identity:
  claims:
    email: { field: email, type: string }
    domain: { field: email, type: string, part: domain }
identityHeaders: { user-id: userId, x-email: claims.email }`;
const condition = 'when: [{ identity: claims.domain, equals: acme.test, reason: not_of_acme }]';

/** Requests with bearers of a source, whose response about the user has these members. `more`: keys of the source. */
type Kind = (more: string) => Promise<{ request(members: Json): Promise<Response>; sent(): readonly string[] }>;

async function gatewayWith(source: string) {
  const service = await startRecordingUpstream();
  running.push(service);
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false }
${source}
${claims}
credentials: { keyPair: false }
upstreams: { pages: { targets: ["${service.origin}"] } }
routes:
  - { id: domain, match: { path: /domain }, upstream: pages, access: authenticated, ${condition} }
  - { id: none, match: { path: /none }, upstream: pages, access: authenticated, when: [{ identity: claims.email, exists: false, reason: has_one }] }
  - { id: any, match: { path: /any }, upstream: pages, access: authenticated }
`);
  running.push(gateway);
  return { gateway, sent: () => service.last().header('x-email') };
}

/** `jsonOf`: the response of the source with these members. */
const called =
  (sourceAt: (origin: string, more: string) => string, jsonOf: (members: Json) => Json): Kind =>
  async (more) => {
    const server = await startJsonServer();
    const { gateway, sent } = await gatewayWith(sourceAt(server.origin, more));
    let calls = 0;
    return {
      sent,
      request: (members) => {
        server.json = jsonOf(members);
        calls += 1;
        return fetch(`${gateway.origin}/domain`, { headers: { authorization: `Bearer opaque-${calls}` } });
      },
    };
  };

const ofIssuer: Kind = async (more) => {
  const issuer = await startTokenIssuer();
  running.push(issuer);
  const source = `sources: { one: { kind: jwt, issuer: "${issuer.issuer}", audience: [orders]${more} } }`;
  const { gateway, sent } = await gatewayWith(source);
  return {
    sent,
    request: async (members) =>
      fetch(`${gateway.origin}/domain`, { headers: { authorization: `Bearer ${await issuer.token(members)}` } }),
  };
};

const kinds: Readonly<Record<string, Kind>> = {
  jwt: ofIssuer,
  introspection: called(
    (at, more) =>
      `sources: { one: { kind: introspection, url: "${at}/i", client: { id: gw, secret: a-client-secret }${more} } }`,
    (members) => ({ active: true, token_type: 'Bearer', sub: 'ann', ...members }),
  ),
  userinfo: called(
    (at, more) => `sources: { one: { kind: userinfo, url: "${at}/u"${more} } }`,
    (members) => ({ sub: 'ann', ...members }),
  ),
  'Auth API with an address': called(
    (at, more) => `authApi: { url: "${at}"${more} }`,
    (members) => ({
      ...{ userID: 'ann', sessionID: 's', expireAt: nowS() + 60, verified: true, roles: [], groups: [] },
      ...members,
    }),
  ),
};

const email = 'Ann@Acme.test';

test.each(Object.entries(kinds))('%s: an address counts only if it is verified', async (_name, kind) => {
  const { request, sent } = await kind('');
  // Control.
  expect((await request({ email, email_verified: true })).status).toBe(200);
  expect(sent()).toEqual([email]);
  for (const verified of [false, 'true', 1, null, undefined, [true]]) {
    const response = await request({ email, email_verified: verified });
    expect([verified, response.status, response.headers.get('x-error')]).toEqual([
      verified,
      403,
      'A condition of this resource is not met: not_of_acme',
    ]);
  }
  expect((await request({ email: 'ann@acme.test@evil.test', email_verified: true })).status).toBe(403);
});

test.each(Object.entries(kinds))(
  '%s: a source can be said to verify all of them, but not against its own word',
  async (_name, kind) => {
    const { request } = await kind(', assumeVerifiedEmail: true');
    expect((await request({ email })).status).toBe(200);
    expect((await request({ email, email_verified: null })).status).toBe(200);
    for (const verified of [false, 'false', 'true', 0]) {
      expect((await request({ email, email_verified: verified })).status).toBe(403);
    }
  },
);

test('an address that is not verified is neither sent nor absent, and the log says why', async () => {
  const issuer = await startTokenIssuer();
  running.push(issuer);
  const { gateway, sent } = await gatewayWith(
    `sources: { one: { kind: jwt, issuer: "${issuer.issuer}", audience: [orders] } }`,
  );
  const get = async (path: string, members: Json) =>
    (await fetch(gateway.origin + path, { headers: { authorization: `Bearer ${await issuer.token(members)}` } }))
      .status;
  expect(await get('/any', { email })).toBe(200);
  expect(sent()).toEqual([]);
  expect(await get('/none', { email })).toBe(403);
  expect(gateway.logText()).toContain('the address is not verified');
  expect(gateway.logText()).not.toContain(email);
  // Control.
  expect(await get('/none', {})).toBe(200);
});

test('what else is read from an address counts only with it: required values, the id of the user, roles', async () => {
  const issuer = await startTokenIssuer();
  running.push(issuer);
  const of = async (more: string, members: Json) => {
    const { gateway } = await gatewayWith(
      `sources: { one: { kind: jwt, issuer: "${issuer.issuer}", audience: [orders], ${more} } }`,
    );
    const response = await fetch(`${gateway.origin}/any`, {
      headers: { authorization: `Bearer ${await issuer.token(members)}` },
    });
    return response.status;
  };
  const verified = { email, email_verified: true };
  const required = `requiredValues: { email: ["${email}"] }`;
  expect([await of(required, verified), await of(required, { email })]).toEqual([200, 401]);
  expect(await of(`${required}, assumeVerifiedEmail: true`, { email })).toBe(200);
  const id = 'fields: { userId: email }';
  expect([await of(id, verified), await of(id, { email })]).toEqual([200, 503]);
  const nested = 'fields: { userId: user.email }';
  expect(await of(nested, { user: verified })).toBe(200);
  // The statement is about the address beside it.
  expect(await of(nested, { user: { email }, email_verified: true })).toBe(503);
});

/** The page after a sign-in at a provider with these ID tokens and this UserInfo. */
async function signInWith(ofToken: Json, ofUserinfo: Json | null) {
  const issuer = await startTokenIssuer();
  running.push(issuer);
  const service = await startRecordingUpstream();
  running.push(service);
  let nonce = '';
  issuer.respond = async (request, response) => {
    const json = (body: object) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    const { issuer: iss } = issuer;
    const at = (path: string) => `${iss}/${path}`;
    if (request.url === '/jwks') json({ keys: issuer.keys });
    else if (request.url === '/token') {
      const id_token = await issuer.token({ aud: 'web', nonce, ...ofToken }, { typ: 'JWT' });
      json({ access_token: 'a', token_type: 'bearer', expires_in: 300, id_token });
    } else if (request.url === '/userinfo') json({ sub: 'ann', ...ofUserinfo });
    else
      json({
        ...{ issuer: iss, authorization_endpoint: at('auth'), token_endpoint: at('token'), jwks_uri: at('jwks') },
        ...(ofUserinfo === null ? {} : { userinfo_endpoint: at('userinfo') }),
        id_token_signing_alg_values_supported: ['ES256'],
      });
  };
  const port = await freePort();
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:${port}", admin: false }
cache: { secret: a secret of the gateway with 32 characters }
${claims}
upstreams: { pages: { targets: ['${service.origin}'] } }
signIn:
  origin: http://127.0.0.1:${port}
  providers: { corp: { issuer: "${issuer.issuer}", clientId: web, clientSecret: a-client-secret } }
routes:
  - { id: pages, match: { path: /** }, upstream: pages, signIn: corp, credentials: [session], access: authenticated, ${condition} }
`);
  running.push(gateway);
  const browser = new CookieBrowser();
  const { url } = await browser.visit(`${gateway.origin}/a`, {}, (one) => one.startsWith(issuer.issuer));
  const asked = new URL(url).searchParams;
  nonce = asked.get('nonce')!;
  const query = new URLSearchParams({ code: 'c', state: asked.get('state')! });
  return (await browser.visit(`${gateway.origin}/.rolegate/callback/corp?${query}`)).status;
}

const other = 'ann@other.test';

test.each<[string, Json, Json | null, number]>([
  ['control: the ID token says so', { email, email_verified: true }, null, 200],
  ['control: UserInfo says so', {}, { email, email_verified: true }, 200],
  ['control: UserInfo says so of the address in the ID token', { email }, { email, email_verified: true }, 200],
  ['the ID token does not say so', { email }, null, 403],
  ['UserInfo does not say so', {}, { email }, 403],
  ['the ID token says so as a text', { email, email_verified: 'true' }, null, 403],
  ['UserInfo says so as a text', {}, { email, email_verified: 'true' }, 403],
  ['UserInfo says so of another address', { email }, { email: other, email_verified: true }, 403],
  ['the ID token says so of another address', { email: other, email_verified: true }, { email }, 403],
  ['the ID token says so, and names none', { email_verified: true }, { email }, 403],
  ['UserInfo says so, and names none', { email }, { email_verified: true }, 403],
  ['the ID token denies it', { email, email_verified: false }, { email, email_verified: true }, 403],
])('sign-in at a provider: %s', async (_name, ofToken, ofUserinfo, status) => {
  expect(await signInWith(ofToken, ofUserinfo)).toBe(status);
});
