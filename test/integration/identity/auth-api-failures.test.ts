/**
 * Operators see why the Auth API gave no result: in the log, in the metrics, with `explain` and in the readiness
 * report. Clients see none of it.
 */
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createAuthority } from '../../support/certificates.ts';
import { startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { freePort } from '../../support/free-port.ts';
import { type Misbehavior, startMisbehavingServer } from '../../support/misbehaving-server.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';
import { but, identity, says } from './outage-world.ts';

const token = 'operators-0123456789abcdef0123456789';
const operator = { authorization: `Bearer ${token}` };
const anns = { authorization: 'Bearer anns-token' };

let gateway: RunningGateway;
afterEach(() => gateway.close());

async function start(url: string, more = '', timeout = '10s'): Promise<void> {
  gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: ${token} }
authApi: { url: "${url}", timeout: ${timeout}${more} }
roles: { user: {} }
upstreams: { service: { targets: ["http://127.0.0.1:1"] } }
routes:
  - { id: order, match: { path: "/orders/{id}" }, upstream: service, access: [user] }
`);
}

async function startFake() {
  const authApi = await startFakeAuthApi();
  onTestFinished(authApi.close);
  return { ...authApi, origin: new URL(authApi.url).origin };
}

async function startMisbehaving(how: Misbehavior) {
  const server = await startMisbehavingServer(how);
  onTestFinished(server.close);
  return server.origin;
}

/** A response of the Auth API written by a misbehaving server. */
const writes = (bytes: string): Misbehavior => ({ kind: 'writes', bytes, afterwards: 'end' });

async function startUntrusted(): Promise<string> {
  const issued = createAuthority('unknown authority').issue({ addresses: ['127.0.0.1'] });
  const server = createTlsServer(issued, (_, response) => response.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function fakeThat(mood: Parameters<Awaited<ReturnType<typeof startFakeAuthApi>>['behave']>[0]) {
  const authApi = await startFake();
  await authApi.behave(mood);
  return authApi.origin;
}

const cases: [string, () => Promise<string>, string, string | RegExp][] = [
  ['nothing listens', async () => `http://127.0.0.1:${await freePort()}`, 'connection', 'ECONNREFUSED'],
  ['the name does not resolve', async () => 'http://auth-api.invalid', 'connection', /^(?:ENOTFOUND|EAI_AGAIN)$/],
  ['the connection is reset', () => startMisbehaving({ kind: 'resets', at: 'request' }), 'connection', 'ECONNRESET'],
  ['the certificate is not trusted', startUntrusted, 'certificate', /^[A-Z_]+$/],
  ['no response in time', () => startMisbehaving({ kind: 'never-answers' }), 'timeout', /^no response within \d+ ms$/],
  ['bytes that are not HTTP', () => startMisbehaving(writes('SSH-2.0-x\r\n\r\n')), 'protocol', 'no valid HTTP/1.1'],
  ['403', () => fakeThat(says(403, {})), 'status', 'status 403'],
  ['404', () => fakeThat(says(404, {})), 'status', 'status 404'],
  ['500', () => fakeThat(says(500, {})), 'status', 'status 500'],
  ['a redirect', () => fakeThat(says(302, '', { location: '/sign-in?from=secret' })), 'status', 'status 302'],
  [
    'HTML',
    () => fakeThat(says(200, '<html>secret</html>', { 'content-type': 'text/html' })),
    'body',
    'expected content-type application/json, found "text/html"',
  ],
  ['truncated JSON', () => fakeThat(says(200, '{"userID":"secret')), 'body', 'no JSON in UTF-8'],
  [
    'a missing field',
    () => fakeThat(but({ roles: undefined })),
    'field',
    'field "roles" is missing (authApi.fields.roles)',
  ],
  [
    'a field of the wrong type',
    () => fakeThat(but({ groups: 'secret' })),
    'field',
    'field "groups": expected a list of names without commas and control characters, found another text (authApi.fields.groups)',
  ],
];

it.each(cases)('%s', async (_name, authApi, kind, detail) => {
  const origin = await authApi();
  await start(origin, '', kind === 'timeout' ? '300ms' : '10s');
  const failure = {
    url: `${origin}/api/auth/v2/session`,
    kind,
    detail: typeof detail === 'string' ? detail : expect.stringMatching(detail),
  };

  const response = await fetch(`${gateway.origin}/orders/7`, { headers: anns });
  const told = `${JSON.stringify([...response.headers])}${await response.text()}`;
  expect(response.status).toBe(503);
  expect(told).not.toMatch(/127\.0\.0\.1|auth-api\.invalid|ECONN|ENOTFOUND|status \d|field|secret/);

  const errorId = response.headers.get('x-error-id');
  await vi.waitFor(() => {
    const line = gateway.logLines().find((one) => one['errorId'] === errorId);
    expect(line).toMatchObject({ fault: 'auth-api', authApi: failure });
  });
  expect(gateway.logText()).not.toMatch(/anns-token|secret/);

  const metrics = await (await fetch(`${gateway.admin}/metrics`, { headers: operator })).text();
  expect(metrics).toContain(`rolegate_auth_api_failures_total{source="authApi",failure="${kind}"} 1`);

  const asked = await fetch(`${gateway.admin}/explain`, {
    method: 'POST',
    headers: { ...operator, 'content-type': 'application/json' },
    body: JSON.stringify({
      method: 'GET',
      host: null,
      secure: false,
      target: '/orders/7',
      headers: [],
      client: null,
      bearer: 'anns-token',
    }),
  });
  expect(await asked.json()).toMatchObject({ outcome: 'refuse', failure });

  const report = async (headers: Record<string, string>) =>
    (await (await fetch(`${gateway.admin}/health/ready`, { headers })).json()) as object;
  expect(await report(operator)).toMatchObject({ authApiFailures: [failure] });
  for (const headers of [{}, { authorization: 'Bearer of-somebody-else' }]) {
    const shown = await report(headers);
    expect(shown).not.toHaveProperty('authApiFailures');
    expect(JSON.stringify(shown)).not.toContain(new URL(origin).host);
  }
});

it('an open circuit breaker reports its cause', async () => {
  await start(await fakeThat(says(500, {})), ', breaker: { failures: 1, open: 1m }');
  await fetch(`${gateway.origin}/orders/7`, { headers: anns });
  const { headers } = await fetch(`${gateway.origin}/orders/7`, { headers: { authorization: 'Bearer of-bob' } });
  await vi.waitFor(() => {
    const line = gateway.logLines().find((one) => one['errorId'] === headers.get('x-error-id'));
    expect(line).toMatchObject({
      reason: 'auth_busy',
      authApi: { kind: 'breaker', detail: 'the circuit breaker is open after status 500' },
    });
  });
});

it('a failure ends when the Auth API gives a result', async () => {
  const authApi = await startFake();
  authApi.addSession('anns-token', { userId: identity.userID });
  await start(authApi.origin, '');
  await authApi.behave(says(404, {}));
  expect((await fetch(`${gateway.origin}/orders/7`, { headers: anns })).status).toBe(503);
  await authApi.behave({ kind: 'fine' });
  expect((await fetch(`${gateway.origin}/orders/7`, { headers: anns })).status).not.toBe(503);
  const report = await (await fetch(`${gateway.admin}/health/ready`, { headers: operator })).json();
  expect(report).toMatchObject({ status: 'ready' });
  expect(report).not.toHaveProperty('authApiFailures');
});

describe('authApi.rejectedStatuses', () => {
  it('makes 403 a rejection if listed, and a failure by default', async () => {
    const origin = await fakeThat(says(403, {}));
    await start(origin, ', rejectedStatuses: [401, 403]');
    const rejected = await fetch(`${gateway.origin}/orders/7`, { headers: anns });
    expect([rejected.status, ((await rejected.json()) as { code: string }).code]).toEqual([401, 'credential_rejected']);
    await gateway.close();
    await start(origin);
    expect((await fetch(`${gateway.origin}/orders/7`, { headers: anns })).status).toBe(503);
  });
});
