/** The requests to each kind of source, its TLS, and how its responses are interpreted. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { SourceConfig } from '../../../../src/config/source-config.ts';
import type { Credential } from '../../../../src/core/credential/credential.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { startTokenIssuer } from '../../../support/token-issuer.ts';
import { authApiAt, introspectionAt, jwtOf, makeSource, userinfoAt } from './made-sources.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface Service {
  readonly origin: string;
  readonly asked: Asked[];
  body: unknown;
  status: number;
  headers: Readonly<Record<string, string>>;
}

async function startService(body: unknown): Promise<Service> {
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const { method = '', url = '', headers } = request;
    made.asked.push({ method, url, headers, body: text });
    response.writeHead(made.status, { 'content-type': 'application/json', ...made.headers });
    response.end(JSON.stringify(made.body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const made: Service = { origin, asked: [], body, status: 200, headers: {} };
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return made;
}

function start(config: SourceConfig, others: readonly SourceConfig[] = []) {
  const source = makeSource(config, Date.now, others);
  closing.push(source.close);
  return source;
}

const bearer = (token = 'an-opaque-token'): Credential => ({ kind: 'bearer', token });
const active = { active: true, sub: 'ann' };
const nowS = Math.floor(Date.now() / 1000);

describe('introspection', () => {
  it('posts the token as a form, and the client in Basic, form-encoded', async () => {
    const service = await startService(active);
    const config = introspectionAt(service.origin, {
      client: { id: 'the gate:way', auth: 'basic', secret: 'a+b %&ü' },
    });
    expect((await start(config).check(bearer('a+token/with=signs'))).identity).not.toBeNull();
    const [asked] = service.asked;
    expect(asked).toMatchObject({ method: 'POST', url: '/introspect' });
    expect(asked?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
      token: 'a+token/with=signs',
      token_type_hint: 'access_token',
    });
    const [, basic = ''] = asked?.headers.authorization?.split(' ') ?? [];
    expect(Buffer.from(basic, 'base64').toString()).toBe('the+gate%3Away:a%2Bb+%25%26%C3%BC');
  });

  it('keeps the query of the URL, and never shows it', async () => {
    const service = await startService(null);
    const source = start(introspectionAt(service.origin, { urls: [`${service.origin}/introspect?tenant=secret`] }));
    const { failure } = await source.check(bearer());
    expect(service.asked[0]?.url).toBe('/introspect?tenant=secret');
    expect(failure?.url).toBe(`${service.origin}/introspect`);
  });

  it('treats an API key like a token', async () => {
    const service = await startService(active);
    const result = await start(introspectionAt(service.origin)).check({ kind: 'apiKey', key: 'acme_1' });
    expect(result.identity).toMatchObject({ kind: 'apiKey', userId: 'ann' });
    expect(new URLSearchParams(service.asked[0]?.body).get('token')).toBe('acme_1');
  });

  it.each<[string, object, string]>([
    ['not active', { active: false }, 'inactive'],
    ['expired', { ...active, exp: nowS - 1 }, 'expired'],
    ['not valid yet', { ...active, nbf: nowS + 60 }, 'not_yet_valid'],
    ['a refresh token, by its type', { ...active, token_type: 'refresh_token' }, 'type'],
    ['a refresh token, by its use', { ...active, token_use: 'refresh_token' }, 'type'],
    ["a refresh token, in Keycloak's form", { ...active, typ: 'Refresh' }, 'type'],
    ['an ID token, by its use', { ...active, token_use: 'id' }, 'type'],
    ['an ID token, by its type', { ...active, typ: 'ID' }, 'type'],
    ['bound to a key, by its type alone', { ...active, token_type: 'DPoP' }, 'bound'],
    ['an ID token, by a list', { ...active, token_use: ['id'] }, 'type'],
    ['of a type that is no text', { ...active, token_type: ['Bearer'] }, 'type'],
    ['of an unknown type', { ...active, token_type: 'N_A' }, 'type'],
    ['of a type that demands a proof', { ...active, token_type: 'mac' }, 'bound'],
    ['a logout token', { ...active, events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }, 'type'],
    ['bound to a key', { ...active, cnf: { jkt: 'x' } }, 'bound'],
    ['bound to a certificate and a key', { ...active, cnf: { 'x5t#S256': 'A'.repeat(43), jkt: 'x' } }, 'bound'],
    ['for another audience', { ...active, aud: ['billing'] }, 'audience'],
    ['without a required claim', { ...active, aud: 'orders' }, 'claim'],
    ['with another value of a claim', { ...active, aud: 'orders', tenant: 't', use: 'id' }, 'claim'],
  ])('rejects a token that is %s', async (_, body, rejection) => {
    const service = await startService(body);
    const strict = rejection === 'audience' || rejection === 'claim';
    const rules = { audience: ['orders'], requiredClaims: ['tenant'], requiredValues: { use: ['access'] } };
    const source = start(introspectionAt(service.origin, strict ? rules : {}));
    expect(await source.check(bearer())).toMatchObject({ reason: 'credential_rejected', rejection });
    // Control: without the fault it is accepted.
    service.body = { ...active, aud: 'orders', tenant: 't', use: 'access', exp: nowS + 60.5 };
    expect(await source.check(bearer())).toMatchObject({ identity: { expireAtMs: (nowS + 60) * 1000 } });
  });

  it('says to which certificate a token is bound', async () => {
    const service = await startService({ ...active, cnf: { 'x5t#S256': 'A'.repeat(43) } });
    const source = start(introspectionAt(service.origin));
    expect(await source.check(bearer())).toMatchObject({ identity: { boundTo: '0'.repeat(64) } });
  });

  it('rejects a token of another issuer than the configured one', async () => {
    const service = await startService({ ...active, iss: 'https://evil.test' });
    const issuer = 'https://id.example.test';
    const source = start(introspectionAt(service.origin, { issuer }));
    expect(await source.check(bearer())).toMatchObject({ reason: 'credential_rejected', rejection: 'issuer' });
    // A response need not name the issuer: then the token does.
    service.body = active;
    const jwt = (iss: string) => bearer(`e30.${Buffer.from(JSON.stringify({ iss })).toString('base64url')}.c2ln`);
    expect(await source.check(jwt('https://evil.test'))).toMatchObject({ rejection: 'issuer' });
    expect((await source.check(jwt(issuer))).identity).not.toBeNull();
    // Controls: without a configured issuer, and with its own.
    service.body = { ...active, iss: 'https://evil.test' };
    expect((await start(introspectionAt(service.origin)).check(bearer())).identity).not.toBeNull();
    service.body = { ...active, iss: issuer };
    expect((await source.check(bearer())).identity).not.toBeNull();
  });

  it.each<[string, object, object]>([
    ['of an access token', { token_type: 'Bearer' }, { identity: { userId: 'ann' } }],
    ['in another letter case', { token_type: 'bearer' }, { identity: { userId: 'ann' } }],
    ['missing, as of a refresh token', {}, { rejection: 'type' }],
    ['of another scheme', { token_type: 'mac' }, { rejection: 'bound' }],
    ['of what the token is', { token_type: 'access_token' }, { rejection: 'type' }],
    ['of no text', { token_type: ['Bearer'] }, { rejection: 'type' }],
    ['of a token for DPoP', { token_type: 'DPoP' }, { rejection: 'bound' }],
  ])('demands the "token_type" of bearers if it must: %s', async (_, type, result) => {
    const service = await startService({ ...active, ...type });
    const source = start(introspectionAt(service.origin, { tokenTypeRequired: true }));
    expect(await source.check(bearer())).toMatchObject(result);
  });
});

it.each(['Bearer', 'bearer', 'access_token', undefined, null])(
  'accepts the "token_type" %s if none is required',
  async (type) => {
    const service = await startService({ ...active, token_type: type, aud: 'orders' });
    const source = start(introspectionAt(service.origin, { audience: ['orders'], tokenTypeRequired: false }));
    expect(await source.check(bearer())).toMatchObject({ identity: { userId: 'ann' } });
  },
);

describe('userinfo', () => {
  it('sends the bearer', async () => {
    const service = await startService({ sub: 'ann', name: 'Ann Example' });
    expect(await start(userinfoAt(service.origin)).check(bearer())).toMatchObject({
      identity: { userId: 'ann', fullName: 'Ann Example', expireAtMs: Number.POSITIVE_INFINITY },
    });
    expect(service.asked[0]).toMatchObject({ method: 'GET', url: '/userinfo' });
    expect(service.asked[0]?.headers.authorization).toBe('Bearer an-opaque-token');
  });

  it('counts a missing scope as a rejection, and any other 403 as a failure', async () => {
    const service = await startService({});
    service.status = 403;
    const source = start(userinfoAt(service.origin));
    expect(await source.check(bearer())).toMatchObject({ reason: 'auth_unavailable' });
    service.headers = { 'www-authenticate': 'Bearer realm="x", error="insufficient_scope", scope="openid"' };
    expect(await source.check(bearer())).toMatchObject({ reason: 'credential_rejected', rejection: 'scope' });
  });
});

describe('TLS', () => {
  const authority = createAuthority('a private authority');
  const server = authority.issue({ hosts: ['id.example.test'], addresses: ['127.0.0.1'] });
  const renamed = authority.issue({ hosts: ['id.example.test'] });
  const client = authority.issue({ hosts: ['gateway'] });

  async function startTls(body: unknown, shown = server) {
    const peers: string[] = [];
    const service = createTlsServer({ ...shown, ca: authority.cert, requestCert: true, rejectUnauthorized: false });
    service.on('request', (request, response) => {
      const socket = request.socket as TLSSocket;
      peers.push(socket.authorized ? String(socket.getPeerCertificate().subject.CN) : 'nobody');
      request.resume();
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    });
    service.listen(0, '127.0.0.1');
    await once(service, 'listening');
    closing.push(() => {
      service.closeAllConnections();
      service.close();
    });
    return { origin: `https://127.0.0.1:${(service.address() as AddressInfo).port}`, peers };
  }

  const trusting = { ca: authority.cert, cert: null, key: null, serverName: null };
  const kinds: [string, (url: string, changes: object) => SourceConfig, object][] = [
    ['authApi', authApiAt, { sub: 'ann', roles: [] }],
    ['introspection', introspectionAt, active],
    ['userinfo', userinfoAt, { sub: 'ann' }],
  ];

  it.each(kinds)('of %s: only a server trusted by "ca" is called', async (_, make, body) => {
    const { origin, peers } = await startTls(body);
    expect(await start(make(origin, {})).check(bearer())).toMatchObject({
      reason: 'auth_unavailable',
      failure: { kind: 'certificate' },
    });
    expect(peers).toEqual([]);
    expect((await start(make(origin, { tls: trusting })).check(bearer())).identity).not.toBeNull();
    expect(peers).toEqual(['nobody']);
  });

  it.each(kinds)('of %s: the gateway presents its certificate', async (_, make, body) => {
    const { origin, peers } = await startTls(body);
    expect((await start(make(origin, { tls: { ...trusting, ...client } })).check(bearer())).identity).not.toBeNull();
    expect(peers).toEqual(['gateway']);
  });

  it.each(kinds)('of %s: the certificate must contain "serverName"', async (_, make, body) => {
    const { origin } = await startTls(body, renamed);
    expect(await start(make(origin, { tls: trusting })).check(bearer())).toMatchObject({
      failure: { kind: 'certificate' },
    });
    const tls = { ...trusting, serverName: 'id.example.test' };
    expect((await start(make(origin, { tls })).check(bearer())).identity).not.toBeNull();
  });

  it('of an issuer: its keys are fetched only from a server trusted by "ca"', async () => {
    const issuer = await startTokenIssuer();
    closing.push(issuer.close);
    const { origin } = await startTls({ keys: issuer.keys });
    const keys = { from: 'jwks', url: `${origin}/jwks` } as const;
    const token = bearer(await issuer.token());
    expect(await start(jwtOf(issuer.issuer, { keys })).check(token)).toMatchObject({
      failure: { kind: 'certificate' },
    });
    expect((await start(jwtOf(issuer.issuer, { keys, tls: trusting })).check(token)).identity).not.toBeNull();
  });
});

describe('a token that is verified and introspected', () => {
  async function both(introspect: 'onMiss' | 'always') {
    const issuer = await startTokenIssuer();
    closing.push(issuer.close);
    const service = await startService({ active: true, sub: 'ann', username: 'Ann', exp: nowS + 60 });
    const source = start(jwtOf(issuer.issuer, { introspect, introspection: 'opaque' }), [
      introspectionAt(service.origin, { name: 'opaque' }),
    ]);
    return { issuer, service, source, token: bearer(await issuer.token()) };
  }

  it('is accepted by both, and expires at the earlier of their expiries', async () => {
    const { source, token } = await both('onMiss');
    expect(await source.check(token)).toMatchObject({
      identity: { userId: 'ann', source: 'one', expireAtMs: (nowS + 60) * 1000 },
      keepableMs: Number.POSITIVE_INFINITY,
    });
  });

  it('is not introspected when its signature is invalid', async () => {
    const { issuer, service, source } = await both('onMiss');
    expect(await source.check(bearer(await issuer.token({ exp: 1 })))).toMatchObject({ rejection: 'expired' });
    expect(service.asked).toEqual([]);
  });

  it('is rejected when it is no longer active, and an outage when the introspection fails', async () => {
    const { service, source, token } = await both('onMiss');
    service.body = { active: false };
    expect(await source.check(token)).toMatchObject({ reason: 'credential_rejected', rejection: 'inactive' });
    service.status = 500;
    expect(await source.check(token)).toMatchObject({
      reason: 'auth_unavailable',
      outage: true,
      failure: { source: 'opaque' },
    });
  });

  it.each([
    ['another user', { sub: 'bob' }, 'claim'],
    ['another issuer', { iss: 'https://evil.test' }, 'issuer'],
  ])('is rejected when the introspection is about %s', async (_, other, rejection) => {
    const { service, source, token } = await both('onMiss');
    service.body = { active: true, sub: 'ann', ...other };
    expect(await source.check(token)).toMatchObject({ reason: 'credential_rejected', rejection });
  });

  it('is never cached with "always"', async () => {
    const { source, token } = await both('always');
    expect(await source.check(token)).toMatchObject({ identity: { userId: 'ann' }, keepableMs: 0 });
  });
});
