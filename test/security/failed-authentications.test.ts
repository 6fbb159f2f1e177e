/**
 * Guessing bearers and secrets: the source gets a bounded number of guesses, and other users on the network still get
 * through.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { startGateway } from '../support/running-gateway.ts';
import {
  bearer,
  type GatewaySettings,
  pair,
  startThrottledWorld,
  statusesOf,
  type ThrottledGateway,
} from '../support/throttled-world.ts';

const office = '203.0.113.7';
const guesses = 60;
const off = { bounds: 'false' };

/** Sends guesses from the office; returns how many reached the Auth API, and how many could have in that time. */
async function guessFrom(client: (at: number) => string, gateway: ThrottledGateway, headers: typeof guess) {
  const [before, beganAt] = [await gateway.calls(), performance.now()];
  const statuses = await statusesOf(guesses, (at) => gateway.get(client(at), headers(at)));
  const seconds = (performance.now() - beganAt) / 1000;
  return { statuses, calls: (await gateway.calls()) - before, most: 5 + 1 + Math.ceil(seconds) };
}

const guess = (at: number): Record<string, string> => bearer(`guess-${at}`);

test('guesses from one network end with 429, and few reach the Auth API', async () => {
  const world = await startThrottledWorld();
  const gateway = await world.gateway();
  const { statuses, calls, most } = await guessFrom(() => office, gateway, guess);
  expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
  expect(statuses.filter((status) => status === 401)).toHaveLength(calls);
  expect(calls).toBeLessThanOrEqual(most);
  expect(statuses.filter((status) => status !== 401 && status !== 429)).toEqual([]);
  expect(await gateway.metrics()).toMatch(/^rolegate_authentication_throttled_total\{by="client"\} [1-9]/m);
  const told = gateway.logLines().filter(({ msg }) => msg === 'failed authentications are throttled');
  expect(told).toMatchObject([{ level: 'warn', by: 'client', client: office }]);
});

test('a refusal contains Retry-After, and no further facts', async () => {
  const world = await startThrottledWorld();
  const gateway = await world.gateway();
  await guessFrom(() => office, gateway, guess);
  const responses = await Promise.all(['a', 'b', 'c', 'd'].map((token) => gateway.get(office, bearer(token))));
  const refused = responses.find(({ status }) => status === 429)!;
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(refused.headers.get('x-error')).toBe('Too many failed authentications');
  expect(refused.headers.get('x-error-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(refused.headers.get('www-authenticate')).toBeNull();
  expect(await refused.json()).toMatchObject({ code: 'authentication_throttled', status: 429 });
});

test('control: without a bound, every guess reaches the Auth API', async () => {
  const world = await startThrottledWorld();
  const { statuses, calls } = await guessFrom(() => office, await world.gateway(off), guess);
  expect(statuses).toEqual(new Array(guesses).fill(401));
  expect(calls).toBe(guesses);
});

const clientOf = (at: number) => `10.0.${at}.1`;
const secretOf = (at: number) => pair('one-key-id', `secret-${at}`);

test('guessing the secrets of one key from many networks is bounded as well', async () => {
  const world = await startThrottledWorld();
  const gateway = await world.gateway();
  const { statuses, calls, most } = await guessFrom(clientOf, gateway, secretOf);
  expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
  expect(calls).toBeLessThanOrEqual(most);
  // Other keys on these networks are not affected.
  const { apiKey, apiSecret } = await world.authApi.api.createVerifiedKeyPair(world.authApi.userId, 'batch', 1);
  expect((await gateway.get(clientOf(7), pair(apiKey, apiSecret))).status).toBe(200);
  expect(gateway.logText()).not.toContain('one-key-id');
});

test('control: without a bound, every secret reaches the Auth API', async () => {
  const world = await startThrottledWorld();
  const { calls } = await guessFrom(clientOf, await world.gateway(off), secretOf);
  expect(calls).toBe(guesses);
});

test('a previously accepted credential is served at once, with and without its cached verdict', async () => {
  const world = await startThrottledWorld();
  // Verdicts are not cached: each request calls the Auth API.
  for (const cache of ['', ', accepted: 0s']) {
    const gateway = await world.gateway({ cache });
    const mine = await world.authApi.api.createVerifiedSession(world.authApi.userId);
    expect((await gateway.get(office, bearer(mine.bearer))).status).toBe(200);
    await guessFrom(() => office, gateway, guess);
    const statuses = await statusesOf(20, () => gateway.get(office, bearer(mine.bearer)));
    expect(statuses).toEqual(new Array(20).fill(200));
  }
});

test('a user who signs in on a throttled network gets through during the guessing', async () => {
  const world = await startThrottledWorld();
  const gateway = await world.gateway();
  await guessFrom(() => office, gateway, guess);
  let goesOn = true;
  const flood = Promise.all(
    Array.from({ length: 8 }, async (_, line) => {
      for (let at = 0; goesOn; at += 1) await (await gateway.get(office, bearer(`more-${line}-${at}`))).arrayBuffer();
    }),
  );
  const before = { calls: await gateway.calls(), atMs: performance.now() };
  const fresh = await world.authApi.api.createVerifiedSession(world.authApi.userId);
  await vi.waitUntil(async () => (await gateway.get(office, bearer(fresh.bearer))).status === 200, {
    timeout: 10_000,
    interval: 200,
  });
  const seconds = (performance.now() - before.atMs) / 1000;
  goesOn = false;
  await flood;
  // One turn per second.
  expect((await gateway.calls()) - before.calls).toBeLessThanOrEqual(2 + Math.ceil(seconds));
});

test('a guesser that repeats each guess after Retry-After keeps neither the owner of a key out nor new sign-ins', async () => {
  const world = await startThrottledWorld();
  const gateway = await world.gateway();
  const mine = await world.authApi.api.createVerifiedKeyPair(world.authApi.userId, 'batch', 1);
  const fresh = await world.authApi.api.createVerifiedSession(world.authApi.userId);
  const statusOf = async (client: string, headers: Readonly<Record<string, string>>) => {
    const response = await gateway.get(client, headers);
    await response.arrayBuffer();
    return response.status;
  };
  const lines = [
    { client: '192.0.2.7', guessed: (name: string) => pair(mine.apiKey, name) },
    { client: office, guessed: bearer },
  ];
  await guessFrom(clientOf, gateway, (at) => lines[0]!.guessed(`guess-${at}`));
  await guessFrom(() => office, gateway, guess);
  // In every second, the guesser comes first: with a guess of the second before, and with two new ones.
  let [ofOwner, ofOffice] = [0, 0];
  const refused: number[] = [];
  for (let second = 0; second < 12 && (ofOwner !== 200 || ofOffice !== 200); second += 1) {
    const over = delay(1_050);
    for (const { client, guessed } of lines) {
      for (const name of [`${second}-b`, `${second + 1}-a`, `${second + 1}-b`]) {
        refused.push(await statusOf(client, guessed(name)));
      }
    }
    if (ofOwner !== 200) ofOwner = await statusOf('198.51.100.9', pair(mine.apiKey, mine.apiSecret));
    if (ofOffice !== 200) ofOffice = await statusOf(office, bearer(fresh.bearer));
    await over;
  }
  expect([ofOwner, ofOffice]).toEqual([200, 200]);
  // Control: the guesses themselves were throttled.
  expect(refused.filter((status) => status === 429).length).toBeGreaterThan(refused.length / 2);
});

test('guesses from one /64 network count together', async () => {
  const world = await startThrottledWorld();
  const gateway = await world.gateway();
  const { calls, most } = await guessFrom((at) => `2001:db8::${at.toString(16)}`, gateway, guess);
  expect(calls).toBeLessThanOrEqual(most);
  expect((await gateway.get('2001:db8:0:1::1', bearer('elsewhere'))).status).toBe(401);
});

/** Client addresses in a trusted proxy's headers that might be read as no client, or as the proxy itself. */
const evasions: readonly [how: string, headers: (at: number) => Record<string, string>, settings: GatewaySettings][] = [
  [
    'an unclosed quote from the client in "Forwarded", before the proxy\'s own element',
    () => ({ forwarded: `for="a, for=${office}` }),
    { server: 'forwardedHeaders: forwarded' },
  ],
  ['an invalid address', () => ({ 'x-forwarded-for': 'unknown' }), {}],
  ["a client on the proxy's host", () => ({ 'x-forwarded-for': '127.0.0.1' }), {}],
  [
    "a client in the proxy's /64 network",
    (at) => ({ 'x-forwarded-for': `::${(at + 2).toString(16)}` }),
    { host: '::1' },
  ],
];

test.each(evasions)('guesses count with %s', async (_, named, settings) => {
  const world = await startThrottledWorld();
  const gateway = await world.gateway(settings);
  const [before, beganAt] = [await gateway.calls(), performance.now()];
  const statuses = await statusesOf(guesses, (at) => gateway.ask({ ...named(at), ...guess(at) }));
  const seconds = (performance.now() - beganAt) / 1000;
  expect(statuses).toContain(429);
  expect((await gateway.calls()) - before).toBeLessThanOrEqual(5 + 1 + Math.ceil(seconds));
});

test('clients are counted separately if their proxy includes ports', async () => {
  const world = await startThrottledWorld();
  const gateway = await world.gateway();
  const from = (address: string) => (at: number) =>
    gateway.ask({ 'x-forwarded-for': address, ...bearer(`${address.replaceAll(/\W/g, '-')}-${at}`) });
  expect(await statusesOf(guesses, from(`${office}:4711`))).toContain(429);
  expect(await statusesOf(5, from('198.51.100.9:4711'))).toEqual(new Array(5).fill(401));
  expect(await statusesOf(5, from('[2001:db8::1]:4711'))).toEqual(new Array(5).fill(401));
});

test('guesses that the bundled Auth API answers with 429 count for their client', async () => {
  const upstream = await startRecordingUpstream();
  const embedded =
    'database: ":memory:", secret: "a secret of at least thirty-two characters", limits: { keyFailures: 2 }';
  const gateway = await startGateway(`version: 1
server:
  listen: "127.0.0.1:0"
  admin: "127.0.0.1:0"
  limits: { failedAuthentications: { perClient: 5 } }
log: { level: warn }
authApi: { embedded: { ${embedded} } }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: all, match: { path: "/**" }, upstream: service, access: authenticated }
`);
  onTestFinished(async () => {
    await gateway.close();
    await upstream.close();
  });
  const beganAt = performance.now();
  const codes: string[] = [];
  for (let at = 0; at < guesses; at += 1) {
    const response = await fetch(gateway.origin, { headers: pair('one-key-id', `guess-${at}`) });
    codes.push(((await response.json()) as { code: string }).code);
  }
  const seconds = (performance.now() - beganAt) / 1000;
  expect(codes.slice(0, 5)).toEqual(['credential_rejected', 'credential_rejected', ...Array(3).fill('auth_throttled')]);
  const asked = codes.filter((code) => code !== 'authentication_throttled');
  expect(asked.length).toBeLessThanOrEqual(5 + 1 + Math.ceil(seconds));
});
