/** A web page's session in a cookie, through the gateway: what a browser would send, and what another site could. */
import { afterEach, expect, test } from 'vitest';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startGateway } from '../../support/running-gateway.ts';

const running: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const server of running.splice(0).reverse()) await server.close();
});

async function start() {
  const upstream = await startRecordingUpstream();
  running.push(upstream);
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false }
authApi:
  embedded:
    database: ":memory:"
    secret: "0123456789abcdef0123456789abcdef"
    selfRegistration: true
    outbox: console
    webSession: { cookie: __Host-session }
credentials: { bearerCookie: __Host-session }
cache: { rejected: 0s }
roles: { user: {} }
upstreams: { orders: { targets: ["${upstream.origin}"] } }
routes:
  - { id: auth, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }
  - { id: orders, match: { path: "/orders/**" }, upstream: orders, access: [user] }
`);
  running.push(gateway);
  const call = (method: string, path: string, headers: Record<string, string>, json?: object) =>
    fetch(`${gateway.origin}${path}`, {
      method,
      headers,
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
  return { gateway, upstream, call };
}

test('from the first request to the last response', async () => {
  const { gateway, upstream, call } = await start();
  const page = { origin: gateway.origin, 'sec-fetch-site': 'same-origin' };
  const account = { email: 'ana@example.test', fullName: 'Ana', alias: 'ana', carrier: 'cookie' };
  const asked = await call('POST', '/api/auth/v2/user', page, account);
  const [setCookie = ''] = asked.headers.getSetCookie();
  expect(setCookie).toMatch(/^__Host-session=\w{64}; HttpOnly; Secure; SameSite=Lax; Path=\/; Max-Age=86400$/);
  const [cookie = ''] = setCookie.split(';', 1);
  const { sessionID } = (await asked.json()) as { sessionID: string };

  expect((await call('GET', '/orders/1', { cookie })).status).toBe(401);
  const { code, codeId } = gateway.codes.at(-1)!;
  const verification = { verificationCodeID: codeId, code };
  expect((await call('PUT', '/api/auth/v2/session/verification', { cookie, ...page }, verification)).status).toBe(202);

  expect((await call('GET', '/orders/1', { cookie: `theme=dark; ${cookie}` })).status).toBe(200);
  expect(upstream.requests.at(-1)?.rawHeaders.join()).not.toContain(cookie);
  expect((await call('POST', '/orders/1', { cookie, ...page })).status).toBe(200);
  expect((await call('POST', '/orders/1', { cookie, origin: 'https://evil.test' })).status).toBe(403);

  const elsewhere = { cookie, origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' };
  expect((await call('PUT', '/api/auth/v2/session/extend', elsewhere)).status).toBe(403);
  const extended = await call('PUT', '/api/auth/v2/session/extend', { cookie, ...page });
  expect([extended.status, extended.headers.getSetCookie()]).toEqual([202, [setCookie]]);

  const ended = await call('DELETE', `/api/auth/v2/session/${sessionID}`, { cookie, ...page });
  expect(ended.headers.getSetCookie()[0]).toMatch(/^__Host-session=; .*Max-Age=0$/);
  expect((await call('GET', '/api/auth/v2/session', { cookie })).status).toBe(401);
  expect(gateway.logText()).not.toContain(cookie.split('=')[1]);
});
