/** A bearer in a cookie that another Auth API has set, through the gateway: what a browser sends, and what another site could. */
import { expect, test } from 'vitest';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startGateway } from '../../support/running-gateway.ts';

const running = closedAfterEach();
const bearer = 'c'.repeat(64);
const cookie = `__Host-session=${bearer}`;

async function start() {
  const [upstream, authApi] = [await startRecordingUpstream(), await startFakeAuthApi()];
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false }
authApi: { url: "${authApi.url.replace(/\/api\/.*/, '')}" }
credentials: { bearerCookie: __Host-session }
cache: { accepted: 0s, rejected: 0s }
roles: { user: {} }
upstreams: { orders: { targets: ["${upstream.origin}"] } }
routes:
  - { id: orders, match: { path: "/orders/**" }, upstream: orders, access: [user] }
`);
  running.push(upstream, authApi, gateway);
  async function call(method: string, headers: Record<string, string>): Promise<string> {
    const response = await fetch(`${gateway.origin}/orders/1`, { method, headers });
    const text = await response.text();
    return response.status === 200 ? '200' : `${response.status} ${JSON.parse(text).code}`;
  }
  return { gateway, upstream, authApi, call };
}

test('the cookie is a credential for as long as the Auth API accepts its bearer, and does not reach the service', async () => {
  const { gateway, upstream, authApi, call } = await start();
  expect(await call('GET', { cookie })).toBe('401 credential_rejected');
  authApi.addSession(bearer);
  expect(await call('GET', { cookie: `theme=dark; ${cookie}` })).toBe('200');
  expect(authApi.received.at(-1)).toContain(`Bearer ${bearer}`);
  expect(authApi.received.at(-1)?.join()).not.toContain('__Host-session');
  expect(upstream.requests.at(-1)?.header('cookie')).toEqual(['theme=dark']);
  authApi.remove(bearer);
  expect(await call('GET', { cookie })).toBe('401 credential_rejected');
  expect(gateway.logText()).not.toContain(bearer);
});

test('only a page of the same origin changes something with it', async () => {
  const { gateway, upstream, authApi, call } = await start();
  authApi.addSession(bearer);
  const rows: readonly [method: string, headers: Record<string, string>, expected: string][] = [
    ['POST', { origin: gateway.origin, 'sec-fetch-site': 'same-origin' }, '200'],
    ['PUT', { origin: gateway.origin }, '200'],
    ['DELETE', { 'sec-fetch-site': 'none' }, '200'],
    ['GET', { 'sec-fetch-site': 'cross-site' }, '200'],
    ['POST', { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }, '403 cross_site_request'],
    ['POST', { origin: gateway.origin, 'sec-fetch-site': 'same-site' }, '403 cross_site_request'],
    ['PUT', { origin: 'https://evil.test' }, '403 cross_site_request'],
    ['PATCH', { origin: 'null' }, '403 cross_site_request'],
    ['DELETE', {}, '403 cross_site_request'],
  ];
  for (const [method, headers, expected] of rows) {
    const before = upstream.requests.length;
    expect(await call(method, { cookie, ...headers }), `${method} ${JSON.stringify(headers)}`).toBe(expected);
    expect(upstream.requests.length - before).toBe(expected === '200' ? 1 : 0);
  }
});

test.each([
  ['a bearer', { authorization: `Bearer ${bearer}` }],
  ['a key pair', { 'api-key': 'k', 'api-secret': 's' }],
  ['half of a key pair', { 'api-key': 'k' }],
])('with %s beside it, the request is ambiguous', async (_, headers) => {
  const { authApi, call } = await start();
  authApi.addSession(bearer);
  expect(await call('GET', { cookie, ...(headers as Record<string, string>) })).toBe('400 credential_conflict');
});
