/** The gateway with a real OpenID provider: every way to get a token, and every way to check one. */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type OpenidProvider, startOpenidProvider } from '../../../support/openid-provider.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../../support/recording-upstream.ts';
import { type RunningGateway, startGateway } from '../../../support/running-gateway.ts';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const clientKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const service = 'https://orders.example.test';
const rotations = 8;
/** With characters that must be encoded in Basic (RFC 6749 section 2.3.1). */
const gatewaySecret = 'a secret: with + signs / and % too';

let provider: OpenidProvider;
let upstream: RecordingUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = await startRecordingUpstream();
});

afterEach(async () => {
  await gateway?.close();
  await provider?.close();
});

afterAll(() => upstream.close());

const basic = { token_endpoint_auth_method: 'client_secret_basic', client_secret: gatewaySecret };

/** `client`: the gateway's client at the provider. */
async function start(
  sources: (issuer: string) => string,
  client: object = basic,
  cache = 'accepted: 30s',
): Promise<void> {
  provider = await startOpenidProvider(client);
  const text = `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
log: { level: info }
cache: { ${cache} }
sources:
${sources(provider.issuer)}
identityHeaders: { user-id: userId, user-source: source, groups: groups }
roles: { user: {}, machine: {}, admin: {} }
upstreams: { orders: { targets: ["${upstream.origin}"] } }
routes:
  - { id: orders, match: { path: "/orders" }, upstream: orders, access: [user, machine] }
  - { id: admin, match: { path: "/admin" }, upstream: orders, access: [admin] }
`;
  gateway = await startGateway(text, (path) => (path === '/run/secrets/client.pem' ? clientKey : ''));
}

const get = (token: string, path = '/orders') =>
  fetch(`${gateway.origin}${path}`, { headers: { authorization: `Bearer ${token}` } });

const introspection = (issuer: string, client = `{ id: gateway, secret: "${gatewaySecret}" }`) =>
  `  opaque: { kind: introspection, url: "${issuer}/token/introspection", client: ${client}, fields: { userId: [sub, client_id] } }`;

const tokens = (issuer: string, more = '') =>
  `  issuer: { kind: jwt, issuer: "${issuer}", audience: ["${service}"]${more} }`;

describe('introspection', () => {
  it("of a user's token: roles decide, and a revoked token is rejected", async () => {
    await start(introspection, basic, 'accepted: 1ms, refreshAhead: false');
    const { access_token } = await provider.codeFlow();
    expect((await get(access_token)).status).toBe(200);
    expect(upstream.last().header('user-id')).toEqual(['ann']);
    expect((await get(access_token, '/admin')).status).toBe(403);
    expect((await get('made-up')).status).toBe(401);
    await provider.revoke(access_token);
    await expect.poll(async () => (await get(access_token)).status).toBe(401);
  });

  it('never takes a refresh token, which the provider calls active (control: without "tokenTypeRequired" it does)', async () => {
    const statuses = async (more: string) => {
      await start((issuer) => introspection(issuer).replace(/ } }$/, `, roles: { value: [user] } }${more} }`));
      const { access_token, refresh_token = '' } = await provider.codeFlow();
      return [(await get(access_token)).status, (await get(refresh_token)).status];
    };
    expect(await statuses('')).toEqual([200, 401]);
    await gateway.close();
    await provider.close();
    expect(await statuses(', tokenTypeRequired: false')).toEqual([200, 200]);
  });

  it('of a token of a client acting for itself', async () => {
    await start(introspection);
    const { access_token } = await provider.clientCredentials();
    expect((await get(access_token)).status).toBe(200);
    expect(upstream.last().header('user-id')).toEqual(['machine']);
  });

  it.each<[string, object, string]>([
    [
      'in the form body',
      { token_endpoint_auth_method: 'client_secret_post', client_secret: gatewaySecret },
      `{ id: gateway, auth: post, secret: "${gatewaySecret}" }`,
    ],
    [
      'by a signed assertion',
      {
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'gateway-1', alg: 'ES256', use: 'sig' }] },
      },
      '{ id: gateway, auth: privateKeyJwt, key: { file: /run/secrets/client.pem }, keyId: gateway-1 }',
    ],
  ])('authenticates the gateway %s', async (_, client, written) => {
    await start((issuer) => introspection(issuer, written), client);
    for (let round = 0; round < 2; round += 1) {
      const { access_token } = await provider.codeFlow();
      expect((await get(access_token)).status).toBe(200);
    }
  });

  it("is an outage if the gateway is not authenticated, and not the client's fault", async () => {
    await start((issuer) => introspection(issuer, '{ id: gateway, secret: another }'));
    const { access_token } = await provider.codeFlow();
    const response = await get(access_token);
    expect(response.status).toBe(503);
    expect(await response.text()).not.toMatch(/introspect|client/);
    await expect
      .poll(() => gateway.logLines().find(({ reason }) => reason === 'auth_unavailable'))
      .toMatchObject({
        authApi: { source: 'opaque', kind: 'status', detail: 'status 401: the endpoint refuses "client"' },
      });
  });
});

describe('userinfo', () => {
  it('returns the user, also in claims with URLs as names', async () => {
    await start(
      (issuer) => `  profile:
    kind: userinfo
    url: "${issuer}/me"
    fields: { groups: "'https://example.test/groups'" }`,
    );
    const { access_token } = await provider.codeFlow();
    expect((await get(access_token)).status).toBe(200);
    expect([upstream.last().header('user-id'), upstream.last().header('groups')]).toEqual([['ann'], ['acme']]);
    // A client acting for itself is not a user.
    expect((await get((await provider.clientCredentials()).access_token)).status).toBe(401);
    expect((await get('made-up')).status).toBe(401);
  });
});

describe('JWT', () => {
  it('of a user and of a client are verified by discovered keys', async () => {
    await start(tokens);
    const { access_token, id_token = '' } = await provider.codeFlow({ resource: service });
    expect((await get(access_token)).status).toBe(200);
    expect(upstream.last().header('user-id')).toEqual(['ann']);
    const machine = await provider.clientCredentials(service);
    expect((await get(machine.access_token)).status).toBe(200);
    expect(upstream.last().header('user-id')).toEqual(['machine']);
    // Of the same issuer, for another audience.
    expect((await get(id_token)).status).toBe(401);
    expect(
      (await get((await provider.codeFlow({ resource: 'https://billing.example.test' })).access_token)).status,
    ).toBe(401);
    const opaque = await provider.codeFlow();
    expect((await get(opaque.access_token)).status).toBe(401);
  });

  it.each([
    ['by its nonce', '', 'made for this sign-in'],
    ['by its type', ', types: ["at+jwt"], typeRequired: true', undefined],
  ])('never include an ID token, even if page and API share a client id: %s', async (_, more, nonce) => {
    const status = async (written: string) => {
      const roles = ', fields: { roles: { value: [user] } }';
      await start((issuer) => tokens(issuer, written + roles).replace(service, 'web'));
      const { id_token = '' } = await provider.codeFlow(nonce === undefined ? {} : { nonce });
      return (await get(id_token)).status;
    };
    expect(await status(more)).toBe(401);
    await gateway.close();
    await provider.close();
    // Control: it is valid otherwise.
    expect(await status(', idTokens: accept')).toBe(200);
  });

  it('stay valid when the provider signs with a new key and publishes the old one', async () => {
    await start(tokens, basic, 'accepted: 1ms, refreshAhead: false');
    const before = await provider.codeFlow({ resource: service });
    expect((await get(before.access_token)).status).toBe(200);
    await provider.rotate(true);
    expect((await get(before.access_token)).status).toBe(200);
  });

  it('verify without a failure while the provider rotates its keys under load, with one fetch per key', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    await start(tokens, basic, 'accepted: 30s, refreshAhead: false');
    const issue = async (count: number) => {
      const issued = await Promise.all(Array.from({ length: count }, () => provider.clientCredentials(service)));
      return issued.map(({ access_token }) => access_token);
    };
    const held = await issue(5);
    const statuses = new Map<number, number>();
    const load = () =>
      Promise.all(
        held.map(async (token) => {
          const { status } = await get(token);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }),
      );
    await load();
    for (let rotation = 1; rotation <= rotations; rotation += 1) {
      // No earlier result is cached.
      vi.setSystemTime(Date.now() + 60_000);
      await Promise.all([load(), provider.rotate(true), load()]);
      held.push(...(await issue(5)));
      await Promise.all([load(), load()]);
    }
    expect([...statuses.keys()]).toEqual([200]);
    expect(provider.keyFetches).toBe(1 + rotations);
  });
});
