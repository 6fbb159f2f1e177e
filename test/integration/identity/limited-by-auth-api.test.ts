/** An Auth API, or a limiter in front of it, that responds with 429: to one client that guesses, or to the gateway as a whole. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startGateway } from '../../support/running-gateway.ts';
import { bearer, statusesOf } from '../../support/throttled-world.ts';

const limits = { kind: 'answers', status: 429, headers: { 'retry-after': '7' } } as const;

async function startWorld({ cache = '{ accepted: 1s }', authApi: keys = '' } = {}) {
  const authApi = await startFakeAuthApi();
  onTestFinished(authApi.close);
  authApi.addSession('anns-token');
  const upstream = await startRecordingUpstream();
  onTestFinished(upstream.close);
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", trustedProxies: [127.0.0.1] }
authApi: { url: "${new URL(authApi.url).origin}"${keys} }
cache: ${cache}
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: all, match: { path: "/**" }, upstream: service, access: authenticated }
`);
  onTestFinished(() => gateway.close());
  const get = (client: string, token: string) =>
    fetch(gateway.origin, { headers: { ...bearer(token), 'x-forwarded-for': client } });
  const open = async () => /breaker_state\{.*state="open"\} 1/.test(await gateway.metrics());
  return { authApi, gateway, get, open };
}

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
const office = '203.0.113.7';

test('a 429 for a credential that was accepted before is an outage, which opens the breaker for as long as it asks', async () => {
  const { authApi, get, open } = await startWorld();
  expect((await get(office, 'anns-token')).status).toBe(200);
  await authApi.behave(limits);
  const refused = await vi.waitFor(async () => {
    const response = await get(office, 'anns-token');
    expect(response.status).not.toBe(200);
    return response;
  });
  expect([refused.status, refused.headers.get('retry-after'), await codeOf(refused)]).toEqual([503, '7', 'auth_busy']);
  expect(await statusesOf(9, () => get(office, 'anns-token'))).toEqual(Array(9).fill(503));
  expect(await open()).toBe(true);
  expect(authApi.calls.session).toBeLessThan(9);
  // It responds as it should before the seven seconds are over, and is not called.
  await authApi.behave({ kind: 'fine' });
  const called = authApi.calls.session;
  expect(await codeOf(await get(office, 'another'))).toBe('auth_busy');
  expect(authApi.calls.session).toBe(called);
});

test('earlier results are used meanwhile, if that is configured', async () => {
  const { authApi, gateway, get } = await startWorld({ cache: '{ accepted: 1s, staleOnOutage: 1m }' });
  expect((await get(office, 'anns-token')).status).toBe(200);
  await authApi.behave(limits);
  await vi.waitFor(async () => {
    expect((await get(office, 'anns-token')).status).toBe(200);
    expect(await gateway.metrics()).toMatch(/^rolegate_auth_api_calls_total\{.*outcome="auth_busy".*\} [1-9]/m);
  });
});

test('a 429 for clients of five networks is an outage; the guesses of one never are', async () => {
  const { authApi, get, open } = await startWorld();
  await authApi.behave(limits);
  expect(await statusesOf(20, (at) => get(office, `guess-${at}`))).toEqual(Array(20).fill(429));
  expect(await statusesOf(3, (at) => get(`198.51.100.${at}`, `new-${at}`))).toEqual([429, 429, 429]);
  expect(await open()).toBe(false);
  const fifth = await get('198.51.100.9', 'new-9');
  expect([fifth.status, await codeOf(fifth)]).toEqual([503, 'auth_busy']);
  expect(await statusesOf(4, (at) => get(`198.51.100.${10 + at}`, `new-${10 + at}`))).toEqual([503, 503, 503, 503]);
  expect(await open()).toBe(true);
});

test('an Auth API that limits each key by itself is not taken for an outage by guesses from many networks', async () => {
  const { authApi, get, open } = await startWorld({ authApi: ', gatewaySecret: a-secret-of-at-least-32-characters' });
  await authApi.behave(limits);
  expect(await statusesOf(20, (at) => get(`198.51.100.${at}`, `guess-${at}`))).toEqual(Array(20).fill(429));
  expect(await open()).toBe(false);
});

test('after eight failures, the first request after half a second tries again, and the log tells of both once', async () => {
  const { authApi, gateway, get } = await startWorld();
  await authApi.behave({ kind: 'down' });
  expect(await statusesOf(8, () => get(office, 'anns-token'))).toEqual(Array(8).fill(503));
  await authApi.behave({ kind: 'fine' });
  await vi.waitFor(async () => expect((await get(office, 'anns-token')).status).toBe(200), { timeout: 3_000 });
  const lines = gateway.logLines().filter(({ msg }) => String(msg).includes('circuit breaker'));
  expect(lines).toMatchObject([
    { level: 'warn', source: 'authApi', authApi: { kind: 'connection', detail: 'ECONNREFUSED' } },
    { level: 'info', source: 'authApi' },
  ]);
});
