/**
 * Guessing bearers and secrets: the source gets a bounded number of guesses, and other users on the network still get
 * through.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
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
  const guessOf = (loop: number, at: number) =>
    loop % 2 === 0 ? pair(mine.apiKey, `guess-${loop}-${at}`) : bearer(`guess-${loop}-${at}`);
  await guessFrom(
    () => office,
    gateway,
    (at) => guessOf(at, at),
  );
  let goesOn = true;
  const refused: number[] = [];
  const flood = Promise.all(
    Array.from({ length: 60 }, async (_, loop) => {
      for (let at = 100; goesOn; at += 1) {
        for (let time = 0; time < 2 && goesOn; time += 1) {
          const response = await gateway.get(office, guessOf(loop, at));
          refused.push(response.status);
          await response.arrayBuffer();
          if (response.status !== 429) break;
          await delay(1_000);
        }
      }
    }),
  );
  const getsIn = (client: string, headers: Readonly<Record<string, string>>) =>
    vi.waitUntil(async () => (await gateway.get(client, headers)).status === 200, { timeout: 30_000, interval: 1_000 });
  await Promise.all([getsIn('198.51.100.9', pair(mine.apiKey, mine.apiSecret)), getsIn(office, bearer(fresh.bearer))]);
  goesOn = false;
  await flood;
  // Control: the guesses themselves were throttled.
  expect(refused.filter((status) => status === 429).length).toBeGreaterThan(refused.length / 2);
}, 60_000);

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
