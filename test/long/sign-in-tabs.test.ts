/** Tabs of Chromium at three gateway processes that take turns behind HAProxy, with one Redis and a provider that has a form. */
import { globSync } from 'node:fs';
import { Redis } from 'ioredis';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { logKey, resultsLogKey } from '../../src/identity/revocation/revocation-keys.ts';
import { launchChromium, noChromium } from '../support/chromium.ts';
import { createConfigFolder } from '../support/config-folder.ts';
import { freePort } from '../support/free-port.ts';
import { startOpenidProvider, webSecret } from '../support/openid-provider.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { type SharedRedis, startPrivateRedis, useRedis } from '../support/redis.ts';
import { demandHaproxy, startReplicasInTurn } from '../support/replicas-in-turn.ts';
import { skipHere } from '../support/skip-here.ts';

let chromium: Browser | null = null;
beforeAll(async () => {
  demandHaproxy();
  chromium = await launchChromium();
}, 400_000);
afterAll(() => chromium?.close());

const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of clean.splice(0).reverse()) await one();
});

interface Settings {
  readonly redis?: SharedRedis;
  /** How far the clock of each replica is ahead of the provider's. */
  readonly clocksS?: readonly number[];
}

async function world({ redis: given, clocksS = [0, 0, 0] }: Settings = {}) {
  if (chromium === null) skipHere(noChromium);
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const { url, keyPrefix } = given ?? (await useRedis());
  const counts = { passwords: 0, codes: 0 };
  const openid = await startOpenidProvider({}, { redirect_uris: [`${origin}/.rolegate/callback/corp`] }, 'grants', {
    onForm() {
      counts.passwords += 1;
    },
    async beforeTokens() {
      counts.codes += 1;
    },
  });
  clean.push(() => openid.close());
  const service = await startRecordingUpstream({
    answer: ({ target }) => ({ rawHeaders: ['content-type', 'text/html'], body: `<h1>${target}</h1>` }),
  });
  clean.push(() => service.close());
  const folder = createConfigFolder();
  clean.push(() => folder.remove());
  const config = folder.write(
    'gateway.yaml',
    `version: 1
server: { listen: "127.0.0.1:0", admin: false }
cache:
  secret: a secret of the gateway with 32 characters
  redis: { url: "${url}", keyPrefix: "${keyPrefix}" }
upstreams: { pages: { targets: ["${service.origin}"] } }
signIn:
  origin: ${origin}
  providers: { corp: { issuer: "${openid.issuer}", clientId: web, clientSecret: "${webSecret}", scopes: [openid, profile] } }
routes:
  - { id: pages, match: { path: /** }, upstream: pages, signIn: corp, credentials: [session], access: authenticated }
`,
  );
  const { replicas, close } = await startReplicasInTurn(port, { folder, config, environments: clocksS.map(ahead) });
  clean.push(close);
  const context = await chromium.newContext();
  clean.push(() => context.close());
  return { origin, replicas, counts, context };
}

function ahead(seconds: number): NodeJS.ProcessEnv {
  if (seconds === 0) return {};
  const [library] = globSync('/usr/lib/*/faketime/libfaketime.so.1');
  if (library === undefined) skipHere('no libfaketime: install it (Debian: apt-get install libfaketime)');
  return { LD_PRELOAD: library, FAKETIME: seconds < 0 ? `${seconds}` : `+${seconds}`, DONT_FAKE_MONOTONIC: '1' };
}

/** As ten minutes ago: what is older than the logs may have been revoked, and each replica judges that by its own clock. */
async function beginLogs({ url, keyPrefix }: SharedRedis): Promise<void> {
  const client = new Redis(url);
  for (const key of [logKey(keyPrefix), resultsLogKey(keyPrefix)])
    await client.xadd(key, `${Date.now() - 600_000}-0`, 'begin', '1');
  client.disconnect();
}

/** When the page of the provider is open. */
async function atForm(page: Page): Promise<Page> {
  await page.locator('input[name=password]').waitFor();
  return page;
}

async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(url, { waitUntil: 'commit' });
  await sendForm(await atForm(page));
  await page.waitForURL(url);
}

async function sendForm(page: Page): Promise<void> {
  await page.locator('input[name=password]').fill('a password');
  await page.locator('button').click();
}

const ownCookies = async (context: BrowserContext) =>
  (await context.cookies()).filter(({ name }) => name.startsWith('rolegate')).map(({ name }) => name);

test('ten tabs at ten links with fragments all arrive, with one password and one code', async () => {
  const { origin, context, counts, replicas } = await world();
  const links = Array.from({ length: 10 }, (_, i) => `${origin}/link/${i}?a=//b#part-${i}`);
  const tabs = await Promise.all(links.map(() => context.newPage()));
  await Promise.all(tabs.map((tab, i) => tab.goto(links[i]!, { waitUntil: 'commit' })));
  await sendForm(await Promise.any(tabs.map(atForm)));
  await Promise.all(tabs.map((tab, i) => tab.waitForURL(links[i]!)));
  expect(counts).toEqual({ passwords: 1, codes: 1 });
  for (const replica of replicas) expect(replica.output()).toContain('"path":"/link/');
});

test('sixty links that are opened without signing in leave one cookie, and the last one is where the sign-in leads', async () => {
  const { origin, context } = await world();
  const page = await context.newPage();
  for (let i = 0; i < 60; i += 1) {
    await page.goto(`${origin}/link/${i}#part`, { waitUntil: 'commit' });
    await atForm(page);
  }
  expect(await ownCookies(context)).toEqual(['rolegate-browser']);
  await sendForm(page);
  await page.waitForURL(`${origin}/link/59#part`);
});

test('Back, and a callback that is opened again here and in another browser, lead to the own link', async () => {
  const { origin, context, counts } = await world();
  const link = `${origin}/mine?a=//b#part`;
  const page = await context.newPage();
  let callback = '';
  page.on('request', (sent) => {
    if (sent.url().includes('/.rolegate/callback/')) callback = sent.url();
  });
  await signIn(page, link);
  for (let i = 0; i < 3; i += 1) {
    await page.goto(callback);
    expect(page.url()).toBe(link);
  }
  await page.goBack();
  expect(await page.textContent('body')).toContain('/mine?a=//b');
  expect(counts).toEqual({ passwords: 1, codes: 1 });

  const other = await chromium!.newContext();
  clean.push(() => other.close());
  const stranger = await other.newPage();
  await stranger.goto(callback, { waitUntil: 'commit' });
  await sendForm(await atForm(stranger));
  await stranger.waitForURL(link);
  expect(counts).toEqual({ passwords: 2, codes: 2 });
});

test('without Redis, a page is a 503 of the gateway, with a session and during a sign-in, and nothing goes in circles', async () => {
  const redis = await startPrivateRedis();
  clean.push(redis.dispose);
  const { origin, context } = await world({ redis: { url: redis.url, keyPrefix: 'rolegate:' } });
  const [page, late] = [await context.newPage(), await context.newPage()];
  await signIn(page, `${origin}/mine`);
  const other = await chromium!.newContext();
  clean.push(() => other.close());
  const begun = await other.newPage();
  await begun.goto(`${origin}/other`, { waitUntil: 'commit' });
  await atForm(begun);
  await redis.kill();
  const seen = [
    await late.goto(`${origin}/mine`),
    (await Promise.all([begun.waitForResponse(/\/callback\//), sendForm(begun)]))[0],
  ];
  for (const response of seen) {
    expect(response!.status()).toBe(503);
    const headers = await response!.allHeaders();
    expect(headers['x-error']).toBeTruthy();
    expect(headers['x-error-id']).toMatch(/^[\w-]{36}$/);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  }
  expect(late.url()).toBe(`${origin}/mine`);
  expect(begun.url()).toContain('/.rolegate/callback/corp');
  expect(await ownCookies(context)).toContain('rolegate-session');
});

test.each([
  ['30 s behind and 30 s ahead of the provider', [-30, 0, 30]],
  ['one 60 s ahead of the others', [0, 60, 0]],
  ['one 55 s behind the others', [0, -55, 0]],
])(
  'replicas with different clocks, %s: tabs arrive, requests are served, and a sign-out ends the session',
  async (_name, clocksS) => {
    const redis = await useRedis();
    await beginLogs(redis);
    const { origin, context, counts } = await world({ redis, clocksS });
    const links = Array.from({ length: 6 }, (_, i) => `${origin}/link/${i}#part-${i}`);
    const twelve = "Promise.all(Array.from({ length: 12 }, () => fetch('/data').then((response) => response.status)))";
    for (const round of [1, 2]) {
      const tabs = await Promise.all(links.map(() => context.newPage()));
      await Promise.all(tabs.map((tab, i) => tab.goto(links[i]!, { waitUntil: 'commit' })));
      await sendForm(await Promise.any(tabs.map(atForm)));
      await Promise.all(tabs.map((tab, i) => tab.waitForURL(links[i]!)));
      expect(counts).toEqual({ passwords: round, codes: round });
      expect(await tabs[0]!.evaluate(twelve)).toEqual(Array.from({ length: 12 }, () => 200));
      await tabs[1]!.goto(`${origin}/.rolegate/sign-out`);
      await tabs[1]!.getByRole('button', { name: 'Sign out', exact: true }).click();
      await tabs[1]!.waitForURL(/session\/end/);
      expect(await tabs[0]!.evaluate(twelve)).toEqual(Array.from({ length: 12 }, () => 401));
      await context.clearCookies({ name: '_session' });
      await context.clearCookies({ name: '_session.sig' });
    }
  },
);
