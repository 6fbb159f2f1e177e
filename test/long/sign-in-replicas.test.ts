/** Sessions of browsers at three gateway processes with one Redis, at a provider that is slow, while processes are killed. */
import { Agent, request } from 'undici';
import { afterAll, afterEach, expect, test } from 'vitest';
import { createConfigFolder } from '../support/config-folder.ts';
import { CookieBrowser } from '../support/cookie-browser.ts';
import { startOpenidProvider, webSecret } from '../support/openid-provider.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { startPrivateRedis } from '../support/redis.ts';
import { runRolegate } from '../support/running-command.ts';

const origin = 'https://app.example.com';
const accessTokenS = 6;
/** In milliseconds: at half of the token's lifetime it is refreshed in the background. */
const lifeMs = accessTokenS * 1000;

const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of clean.splice(0).reverse()) await one();
});
const agent = new Agent({ connections: 100 });
afterAll(() => agent.close());

/** `hold`: responses of the token endpoint wait until `release`; `calls` counts them. */
async function world({ rotates = false } = {}) {
  const redis = await startPrivateRedis();
  clean.push(redis.dispose);
  let calls = 0;
  let held: PromiseWithResolvers<void> | null = null;
  const openid = await startOpenidProvider({}, { redirect_uris: [`${origin}/.rolegate/callback/corp`] }, 'grants', {
    accessTokenS,
    rotates,
    async beforeTokens() {
      calls += 1;
      await held?.promise;
    },
  });
  clean.push(() => openid.close());
  const service = await startRecordingUpstream();
  clean.push(() => service.close());
  const folder = createConfigFolder();
  clean.push(() => folder.remove());
  const config = folder.write(
    'gateway.yaml',
    `version: 1
server: { listen: "127.0.0.1:0", admin: false, trustedProxies: [127.0.0.1/32] }
cache:
  secret: a secret of the gateway with 32 characters
  redis: { url: "${redis.url}" }
upstreams: { pages: { targets: ["${service.origin}"] } }
signIn:
  origin: ${origin}
  providers:
    corp: { issuer: "${openid.issuer}", clientId: web, clientSecret: "${webSecret}", scopes: [openid, profile, offline_access] }
routes:
  - { id: pages, match: { path: /** }, upstream: pages, signIn: corp, credentials: [session], access: authenticated }
`,
  );
  const replicas = await Promise.all(
    [0, 1, 2].map(async () => {
      const command = runRolegate(['serve', '--config', config]);
      const [, port] = await command.see(/"listen":\{[^}]*"port":(\d+)\}/);
      const kill = async () => {
        command.signal('SIGKILL');
        await command.ended;
      };
      clean.push(kill);
      return { port: Number(port), kill };
    }),
  );
  const browser = new CookieBrowser({ origins: [origin], port: replicas[0]!.port });
  await expect.poll(async () => (await browser.visit(`${origin}/first`)).status, { timeout: 15_000 }).toBe(200);
  const signedInAtMs = Date.now();
  const jar = () => [...browser.cookies.get('app.example.com')!].map((pair) => pair.join('=')).join('; ');
  /** As a script of a page. */
  const fetchAt = async (replica: number, headers: Record<string, string> = { 'sec-fetch-mode': 'cors' }) => {
    const {
      statusCode,
      headers: received,
      body,
    } = await request(`http://127.0.0.1:${replicas[replica]!.port}/data`, {
      dispatcher: agent,
      headers: { host: 'app.example.com', 'x-forwarded-proto': 'https', cookie: jar(), ...headers },
    });
    await body.dump();
    return { status: statusCode, headers: received };
  };
  const atOnce = async (count: number, of: readonly number[]) =>
    (await Promise.all(Array.from({ length: count }, (_, i) => fetchAt(of[i % of.length]!)))).map(
      ({ status }) => status,
    );
  return {
    redis,
    replicas,
    browser,
    fetchAt,
    atOnce,
    endMs: signedInAtMs + lifeMs,
    get calls() {
      return calls;
    },
    hold() {
      held = Promise.withResolvers();
    },
    release() {
      held?.resolve();
      held = null;
    },
    /** Asks one replica until it refreshes. */
    async untilRefreshing(replica: number) {
      const before = calls;
      await expect
        .poll(
          async () => {
            expect((await fetchAt(replica)).status).toBe(200);
            return calls;
          },
          { timeout: lifeMs, interval: 100 },
        )
        .toBe(before + 1);
    },
  };
}

const twenty = Array.from({ length: 20 }, () => 200);
const past = (timeMs: number) =>
  expect.poll(() => Date.now() > timeMs, { timeout: 2 * lifeMs, interval: 50 }).toBe(true);

test('while the provider is slow, twenty requests are served at once, and at the end of the token they share one refresh', async () => {
  const all = await world();
  all.hold();
  await all.untilRefreshing(0);
  const before = all.calls;
  // The provider does not respond before these have their responses.
  expect(await all.atOnce(20, [0, 1, 2])).toEqual(twenty);
  await past(all.endMs);
  const late = all.atOnce(20, [0, 1, 2]);
  all.release();
  expect(await late).toEqual(twenty);
  expect(all.calls).toBe(before);
  expect(await all.atOnce(20, [0, 1, 2])).toEqual(twenty);
});

test('a replica is killed during a refresh, and the provider accepts the token again: nobody notices', async () => {
  const all = await world();
  all.hold();
  await all.untilRefreshing(0);
  await all.replicas[0]!.kill();
  all.release();
  const before = all.calls;
  const seen = new Set<number>();
  await expect
    .poll(
      async () => {
        for (const status of await all.atOnce(4, [1, 2])) seen.add(status);
        return all.calls;
      },
      { timeout: 3 * lifeMs, interval: 200 },
    )
    .toBe(before + 1);
  await past(all.endMs);
  for (const status of await all.atOnce(20, [1, 2])) seen.add(status);
  expect([...seen]).toEqual([200]);
});

test('a replica is killed during a refresh, and the provider ends the grant: scripts get 401, people their own page', async () => {
  const all = await world({ rotates: true });
  all.hold();
  await all.untilRefreshing(0);
  await all.replicas[0]!.kill();
  all.release();
  const statuses: number[] = [];
  await expect
    .poll(
      async () => {
        statuses.push((await all.fetchAt(1)).status);
        return statuses.at(-1);
      },
      { timeout: 3 * lifeMs, interval: 200 },
    )
    .toBe(401);
  expect(new Set(statuses)).toEqual(new Set([200, 401]));
  const person = new CookieBrowser({ origins: [origin], port: all.replicas[1]!.port });
  for (const [host, jar] of all.browser.cookies) person.cookies.set(host, jar);
  const page = await person.visit(`${origin}/deep?a=b//c#part`);
  expect([page.status, page.url]).toEqual([200, `${origin}/deep?a=b//c#part`]);
  // One redirect to sign in: its two pages, the provider, and back.
  expect(page.way.filter((url) => url.includes('/.rolegate/callback/'))).toHaveLength(1);
});

test('while Redis is frozen, pages and scripts get 503 without a redirect, and the session is good afterwards', async () => {
  const all = await world();
  await all.redis.pause();
  const script = await all.fetchAt(1);
  const page = await all.fetchAt(2, { 'sec-fetch-mode': 'navigate', accept: 'text/html' });
  for (const { status, headers } of [script, page]) {
    expect(status).toBe(503);
    expect(headers['x-error-id']).toMatch(/^[\w-]{36}$/);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect([headers['set-cookie'], headers['location']]).toEqual([undefined, undefined]);
  }
  await all.redis.resume();
  await expect.poll(async () => (await all.fetchAt(1)).status, { timeout: 15_000 }).toBe(200);
});

test('while Redis is gone, pages and scripts get 503 without a redirect, and the cookie is kept', async () => {
  const all = await world();
  await all.redis.kill();
  for (const headers of [{ 'sec-fetch-mode': 'cors' }, { 'sec-fetch-mode': 'navigate', accept: 'text/html' }]) {
    const seen = await all.fetchAt(1, headers);
    expect([seen.status, seen.headers['set-cookie'], seen.headers['location']]).toEqual([503, undefined, undefined]);
  }
});
