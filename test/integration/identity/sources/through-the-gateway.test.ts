/** Named sources in a complete gateway: how long their results are cached, and what operators see. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RecordingUpstream, startRecordingUpstream } from '../../../support/recording-upstream.ts';
import { type RunningGateway, startGateway } from '../../../support/running-gateway.ts';
import { nowS, startTokenIssuer, type TokenIssuer } from '../../../support/token-issuer.ts';

const adminToken = 'a-token-for-operators-of-this-test-0123456789';
const operator = { authorization: `Bearer ${adminToken}` };

let upstream: RecordingUpstream;
let issuer: TokenIssuer;
let gateway: RunningGateway;
let introspected: string[];
let active = true;
let closeIntrospection: () => void;
let introspectionAt: string;

beforeEach(async () => {
  upstream = await startRecordingUpstream();
  issuer = await startTokenIssuer();
  introspected = [];
  active = true;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const token = new URLSearchParams(body).get('token') ?? '';
    introspected.push(token);
    const sub = token.includes('.') ? 'ann' : 'opaque-user';
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ active, sub, token_type: 'Bearer' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  introspectionAt = `http://127.0.0.1:${(server.address() as AddressInfo).port}/introspect`;
  closeIntrospection = () => {
    server.closeAllConnections();
    server.close();
  };
});

afterEach(async () => {
  await gateway?.close();
  await issuer.close();
  await upstream.close();
  closeIntrospection();
});

function configOf(ofIssuer: string): string {
  return `version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: "${adminToken}" }
log: { level: info }
sources:
  opaque: { kind: introspection, url: "${introspectionAt}", client: { id: gw, secret: a-client-secret } }
  issuer: { kind: jwt, issuer: "${issuer.issuer}", audience: [orders]${ofIssuer} }
identityHeaders: { user-id: userId, user-source: source }
roles: { user: {} }
upstreams: { orders: { targets: ["${upstream.origin}"] } }
routes:
  - { id: orders, match: { path: "/orders" }, upstream: orders, access: authenticated }
`;
}

async function start(ofIssuer = ''): Promise<void> {
  gateway = await startGateway(configOf(ofIssuer));
}

const get = async (token: string) =>
  fetch(`${gateway.origin}/orders`, { headers: { authorization: `Bearer ${token}` } });

const explain = async (bearer: string) => {
  const asked = { method: 'GET', host: null, secure: false, target: '/orders', headers: [], client: null, bearer };
  const response = await fetch(`${gateway.admin}/explain`, {
    method: 'POST',
    headers: { ...operator, 'content-type': 'application/json' },
    body: JSON.stringify(asked),
  });
  return (await response.json()) as object;
};

it("a token goes to its issuer's source, any other bearer to the other source, and a rejected one to no second source", async () => {
  await start();
  expect((await get(await issuer.token())).status).toBe(200);
  expect(upstream.last().header('user-id')).toEqual(['ann']);
  expect(introspected).toEqual([]);
  expect((await get(await issuer.token({ aud: 'billing' }))).status).toBe(401);
  expect(introspected).toEqual([]);
  expect((await get('opaque')).status).toBe(200);
  const foreign = await issuer.token({ iss: 'https://foreign.test' });
  expect((await get(foreign)).status).toBe(200);
  expect(introspected).toEqual(['opaque', foreign]);
});

it("refuses an issuer's token as an API key, whose source would not check its audience", async () => {
  const keys = 'credentials: { apiKey: { header: x-api-key } }';
  gateway = await startGateway(configOf('').replace('roles:', `${keys}\nroles:`));
  const byKey = async (key: string) =>
    (await fetch(`${gateway.origin}/orders`, { headers: { 'x-api-key': key } })).status;
  const token = await issuer.token({ aud: 'billing' });
  expect([await byKey(token), await byKey(`${token}=`), introspected]).toEqual([401, 401, []]);
  // Control: the source accepts a value that is not a token of the issuer.
  expect(await byKey('opaque')).toBe(200);
});

describe('the reason of a rejected token', () => {
  it('is in the log and in explanations, also from the cache, and never in a response', async () => {
    await start();
    const token = await issuer.token({ aud: 'billing' });
    for (const source of ['auth-api', 'memory']) {
      const response = await get(token);
      expect(response.status).toBe(401);
      expect(`${JSON.stringify([...response.headers])}${await response.text()}`).not.toMatch(
        /audience|billing|orders"/,
      );
      const errorId = response.headers.get('x-error-id');
      await expect
        .poll(() => gateway.logLines().find((line) => line['errorId'] === errorId))
        .toMatchObject({ reason: 'credential_rejected', rejection: 'audience', source });
    }
    expect(await explain(token)).toMatchObject({
      outcome: 'refuse',
      reason: 'credential_rejected',
      rejection: 'audience',
      credential: { source: { source: 'issuer', why: expect.stringContaining(issuer.issuer) } },
    });
    active = false;
    expect(await explain('opaque')).toMatchObject({
      rejection: 'inactive',
      credential: { source: { source: 'opaque', why: 'a bearer' } },
    });
    expect(gateway.logText()).not.toContain(token);
  });
});

describe('a token that is also introspected', () => {
  it('is introspected once while its verdict is cached', async () => {
    await start(', introspect: onMiss, introspection: opaque');
    const token = await issuer.token();
    for (let round = 0; round < 3; round += 1) expect((await get(token)).status).toBe(200);
    expect(introspected).toEqual([token]);
  });

  it('is introspected at each request with "always", so its revocation applies at once', async () => {
    await start(', introspect: always, introspection: opaque');
    const token = await issuer.token();
    for (let round = 0; round < 3; round += 1) expect((await get(token)).status).toBe(200);
    expect(introspected).toEqual([token, token, token]);
    active = false;
    expect((await get(token)).status).toBe(401);
  });
});

it('a verdict is not used after its token has expired', async () => {
  await start(', clockSkew: 0ms');
  const token = await issuer.token({ exp: nowS() + 2 });
  expect((await get(token)).status).toBe(200);
  await expect.poll(async () => (await get(token)).status).toBe(401);
});

describe('an unreachable issuer', () => {
  it('is an outage for its tokens only, and named in readiness, metrics and the log', async () => {
    issuer.respond = (_, response) => response.writeHead(500).end();
    await start();
    const response = await get(await issuer.token());
    expect(response.status).toBe(503);
    expect(response.headers.get('x-error')).not.toContain('127.0.0.1');
    expect((await get('opaque')).status).toBe(200);
    const ready = await fetch(`${gateway.admin}/health/ready?verbose`, { headers: operator });
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      checks: { 'sources.issuer': 'down', 'sources.opaque': 'ok' },
      authApiFailures: [{ source: 'issuer', kind: 'status', detail: 'status 500' }],
    });
    const metrics = await (await fetch(`${gateway.admin}/metrics`, { headers: operator })).text();
    expect(metrics).toContain('rolegate_auth_api_failures_total{source="issuer",failure="status"} 1');
    expect(metrics).toContain('rolegate_auth_api_calls_total{source="opaque",kind="bearer",outcome="accepted"} 1');
    await expect
      .poll(() => gateway.logLines().find(({ reason }) => reason === 'auth_unavailable'))
      .toMatchObject({ authApi: { source: 'issuer', url: `${issuer.issuer}/.well-known/openid-configuration` } });
  });
});

it('a changed source takes effect at a reload', async () => {
  await start();
  const token = await issuer.token();
  expect((await get(token)).status).toBe(200);
  gateway.apply(configOf('').replace('audience: [orders]', 'audience: [billing]'));
  expect((await get(token)).status).toBe(401);
  gateway.apply(configOf(''));
  expect((await get(token)).status).toBe(200);
});
