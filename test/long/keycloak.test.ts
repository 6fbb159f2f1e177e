/** Sign-in at three replicas with Keycloak, whose sign-in page, cookies, rotation of refresh tokens and logout tokens nobody here wrote. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { launchChromium, noChromium } from '../support/chromium.ts';
import { createConfigFolder } from '../support/config-folder.ts';
import { CookieBrowser } from '../support/cookie-browser.ts';
import { freePort } from '../support/free-port.ts';
import { type Keycloak, keycloakSecret, keycloakUser, startKeycloak } from '../support/keycloak.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { startPrivateRedis } from '../support/redis.ts';
import { demandHaproxy, startReplicasInTurn } from '../support/replicas-in-turn.ts';

const closing: (() => Promise<unknown>)[] = [];
let origin: string;
let keycloak: Keycloak;
let service: RecordingUpstream;
let chromium: Browser | null = null;

beforeAll(async () => {
  demandHaproxy();
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  keycloak = await startKeycloak(origin, { accessTokenS: 5 });
  closing.push(keycloak.close);
  service = await startRecordingUpstream({
    answer: ({ target }) => ({ rawHeaders: ['content-type', 'text/html'], body: `<h1>${target}</h1>` }),
  });
  closing.push(service.close);
  const redis = await startPrivateRedis();
  closing.push(redis.dispose);
  const folder = createConfigFolder();
  closing.push(async () => folder.remove());
  const config = folder.write(
    'gateway.yaml',
    `version: 1
server: { listen: "127.0.0.1:0", admin: false }
cache:
  secret: a secret of the gateway with 32 characters
  redis: { url: "${redis.url}" }
upstreams: { pages: { targets: ["${service.origin}"] } }
roles: { staff: { from: { field: groups, equals: staff } } }
identityHeaders: { x-user: userId, x-name: fullName, x-groups: groups }
signIn:
  origin: ${origin}
  providers:
    corp:
      issuer: ${keycloak.issuer}
      clientId: rolegate
      clientSecret: ${keycloakSecret}
      fields: { groups: { path: groups, optional: true } }
routes:
  - { id: logout, match: { path: /backchannel-logout }, upstream: backchannel-logout, access: public }
  - { id: pages, match: { path: /** }, upstream: pages, signIn: corp, credentials: [session], access: [staff] }
`,
  );
  const { close } = await startReplicasInTurn(port, { folder, config, environments: [{}, {}, {}] });
  closing.push(close);
  chromium = await launchChromium();
}, 600_000);
afterAll(async () => {
  await chromium?.close();
  for (const close of closing.reverse()) await close();
});

const script = { headers: { accept: '*/*', 'sec-fetch-mode': 'cors' } };

/** Opens a page, and fills in the form of Keycloak. */
async function signIn(browser: CookieBrowser, url: string) {
  const page = await browser.visit(url);
  const action = /<form id="kc-form-login"[^>]* action="([^"]+)"/.exec(page.text)![1]!.replaceAll('&amp;', '&');
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return await browser.visit(action, { method: 'POST', headers, body: String(new URLSearchParams(keycloakUser)) });
}

describe('a session', () => {
  test('begins with a password, and the service learns who it is', async () => {
    const browser = new CookieBrowser();
    const seen = await signIn(browser, `${origin}/reports?a=b//c`);
    expect([seen.status, seen.url]).toEqual([200, `${origin}/reports?a=b//c`]);
    // The id is the subject, which Keycloak never gives to another user.
    expect(service.last().header('x-user')[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(service.last().header('x-name')).toEqual(['Ann Example']);
    expect(service.last().header('x-groups')).toEqual(['staff']);
  });

  test('goes on beyond several access tokens, whose refresh tokens are for one use', async () => {
    const browser = new CookieBrowser();
    await signIn(browser, `${origin}/`);
    const endMs = Date.now() + 13_000;
    const statuses = new Set<number>();
    while (Date.now() < endMs) {
      const all = Array.from({ length: 20 }, async () => (await browser.open(`${origin}/`, script)).status);
      for (const status of await Promise.all(all)) statuses.add(status);
    }
    expect([...statuses]).toEqual([200]);
  }, 60_000);

  test('ends when an administrator signs the user out at Keycloak', async () => {
    const browser = new CookieBrowser();
    await signIn(browser, `${origin}/`);
    expect((await browser.open(`${origin}/`, script)).status).toBe(200);
    await keycloak.signOutUser();
    await vi.waitFor(async () => expect((await browser.open(`${origin}/`, script)).status).toBe(401), 2_000);
  });

  test('ends at both with a sign-out here', async () => {
    const browser = new CookieBrowser();
    await signIn(browser, `${origin}/`);
    const headers = { origin, 'sec-fetch-site': 'same-origin' };
    const out = await browser.visit(`${origin}/.rolegate/sign-out`, { method: 'POST', headers });
    expect(out.url).toBe(`${origin}/.rolegate/signed-out`);
    expect((await browser.visit(`${origin}/`)).text).toContain('kc-form-login');
  });
});

test('ten tabs at ten deep links all arrive, with one password and one code', async ({ skip }) => {
  if (chromium === null) return skip(noChromium);
  const context = await chromium.newContext();
  const before = await keycloak.events();
  const links = Array.from({ length: 10 }, (_, i) => `/page/${i}?q=//x#part-${i}`);
  const tabs = await Promise.all(links.map(() => context.newPage()));
  await Promise.all(tabs.map((tab, i) => tab.goto(origin + links[i]!, { waitUntil: 'commit' })));
  const first = await Promise.any(tabs.map(atForm));
  await first.locator('#username').fill(keycloakUser.username);
  await first.locator('#password').fill(keycloakUser.password);
  await first.locator('#kc-login').click();
  await Promise.all(tabs.map((tab, i) => tab.waitForURL(origin + links[i]!)));
  const after = await keycloak.events();
  expect([after.logins - before.logins, after.codes - before.codes]).toEqual([1, 1]);
  // Back from the page that was opened leads to a page of one's own, never to an error.
  await first.goBack({ waitUntil: 'commit' });
  await first.waitForLoadState();
  expect(await first.textContent('body')).not.toContain('error');
  await context.close();
}, 120_000);

async function atForm(tab: Page): Promise<Page> {
  await tab.locator('#kc-form-login').waitFor();
  return tab;
}
