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

const five = ['203.0.113.1', '203.0.113.2', '203.0.113.3', '203.0.113.4', '203.0.113.5'];

/** A session of each of five networks and then of the office, whose accepted results have expired, and which are now limited. */
async function startLimited(cache?: string) {
  const world = await startWorld(cache === undefined ? {} : { cache });
  for (const client of five) world.authApi.addSession(client);
  expect(await statusesOf(5, (at) => world.get(five[at]!, five[at]!))).toEqual(Array(5).fill(200));
  expect((await world.get(office, 'anns-token')).status).toBe(200);
  await world.authApi.behave(limits);
  await vi.waitFor(async () => expect((await world.get(office, 'anns-token')).status).not.toBe(200));
  return world;
}

/** Until the breaker is open. Each lifetime is a little different, so one of the five may still be accepted for some time. */
const untilOpen = ({ get, open }: Awaited<ReturnType<typeof startWorld>>) =>
  vi.waitFor(async () => {
    await statusesOf(5, (at) => get(five[at]!, five[at]!));
    expect(await open()).toBe(true);
  });

test('a 429 for credentials of five networks that were accepted before is an outage, which opens the breaker for as long as it asks', async () => {
  const world = await startLimited();
  const { authApi, get } = world;
  await untilOpen(world);
  const refused = await get(office, 'anns-token');
  expect([refused.status, await codeOf(refused)]).toEqual([503, 'auth_busy']);
  // It responds as it should before the seven seconds are over, and is not called.
  await authApi.behave({ kind: 'fine' });
  const called = authApi.calls.session;
  expect(await codeOf(await get(office, 'another'))).toBe('auth_busy');
  expect(authApi.calls.session).toBe(called);
});

test('a 429 for guesses meanwhile closes no breaker, and each of them is part of the outage', async () => {
  const world = await startLimited();
  const { get, open } = world;
  await vi.waitFor(async () => {
    await statusesOf(5, async (at) => {
      const known = await get(five[at]!, five[at]!);
      await get('198.51.100.7', `guess-${at}-${performance.now()}`);
      return known;
    });
    expect(await open()).toBe(true);
  });
  const refused = await get('198.51.100.8', 'another-guess');
  expect([refused.status, await codeOf(refused)]).toEqual([503, 'auth_busy']);
});

test('a 429 for one client alone, known or guessing from many networks, opens no breaker and makes no result stale', async () => {
  const { authApi, get, open } = await startLimited('{ accepted: 1s, staleOnOutage: 1m }');
  const refused = await get(office, 'anns-token');
  expect([refused.status, refused.headers.get('retry-after'), await codeOf(refused)]).toEqual([503, '7', 'auth_busy']);
  expect(await statusesOf(9, () => get(office, 'anns-token'))).toEqual(Array(9).fill(503));
  expect(await statusesOf(20, (at) => get(`198.51.100.${at}`, `guess-${at}`))).toEqual(Array(20).fill(429));
  expect(await open()).toBe(false);
  await authApi.behave({ kind: 'fine' });
  expect((await get('198.51.100.99', five[0]!)).status).toBe(200);
});

test('earlier results are used meanwhile, if that is configured', async () => {
  const world = await startLimited('{ accepted: 1s, staleOnOutage: 1m }');
  await untilOpen(world);
  expect((await world.get(office, 'anns-token')).status).toBe(200);
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
