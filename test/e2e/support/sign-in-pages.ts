/** Every page of sign-in as people see it in Chromium: what leads there, from a world in which each of them exists. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { accountWorlds, fieldsOf } from '../../integration/sign-in/accounts-world.ts';
import { passkeyWorlds } from '../../integration/sign-in/passkey-world.ts';
import { type Closable, closedAfterEach } from '../../support/closed-after-each.ts';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { freePort } from '../../support/free-port.ts';
import { startOpenidProvider, webSecret } from '../../support/openid-provider.ts';

const own = '/.rolegate/';

/** For one test file. */
export function signInPages() {
  const start = passkeyWorlds();
  const startLater = accountWorlds();
  const running = closedAfterEach();
  return async () => {
    const made = await start(await withProviders(running, { administrator: 'ada@example.test' }));
    const people = await peopleOf(made);
    /** The gateway restarts with the same people, and a sign-in that does not stay recent for long. */
    const later = async () => {
      await made.gateway.close();
      const { database } = made;
      const restarted = await startLater({ database, passkeys: true, embedded: '    recentSignIn: 1s' });
      const [ann, ada] = [await signIn(restarted, 'ann@example.test'), await signIn(restarted, 'ada@example.test')];
      return { ...made, ...people, origin: restarted.origin, ann, ada };
    };
    return { ...made, ...people, later };
  };
}

type Start = ReturnType<typeof passkeyWorlds>;
type Made = Awaited<ReturnType<Start>>;
export type PagesWorld = Awaited<ReturnType<ReturnType<typeof signInPages>>>;
export type AtPages = Omit<PagesWorld, 'later'>;

/** Beside the accounts: a provider at which `ann` signs in at once, and one that does not respond. */
export async function withProviders(running: Closable[], options: NonNullable<Parameters<Start>[0]>) {
  const port = await freePort();
  const openid = await startOpenidProvider({}, { redirect_uris: [`http://localhost:${port}${own}callback/corp`] });
  running.push(openid);
  const ofWeb = `clientId: web, clientSecret: ${webSecret}, scopes: [openid, profile]`;
  return {
    ...options,
    port,
    accounts: `  accounts: { name: Team wiki }
  providers:
    corp: { label: The corp account, issuer: "${openid.issuer}", ${ofWeb}, userPrefix: 'corp:', fields: { userId: preferred_username } }
    gone: { label: The old account, issuer: "http://127.0.0.1:1", ${ofWeb}, userPrefix: 'gone:', fields: { userId: preferred_username } }`,
    routes:
      '  - { id: either, match: { path: /either/** }, upstream: pages, signIn: [corp, authApi], credentials: [session], access: authenticated }',
  };
}

async function signIn(
  { gateway, askCode, enter, open }: Pick<Made, 'gateway' | 'askCode' | 'enter' | 'open'>,
  email: string,
): Promise<CookieBrowser> {
  const browser = new CookieBrowser();
  await enter(browser, await askCode(browser, await open(browser), email), gateway.codes.at(-1)!.code);
  return browser;
}

/** `ann`, who has a second address, a key, and a passkey, and whose other browser has signed in with it; `ada`, who administers. */
async function peopleOf(made: Made) {
  const { origin, gateway, ann, add, open, post, usePasskey } = made;
  const lastCode = () => gateway.codes.at(-1)!.code;
  const ada = await signIn(made, 'ada@example.test');
  const passkey = await add();
  const byPasskey = new CookieBrowser();
  await usePasskey(byPasskey, await open(byPasskey), passkey.key);
  const account = `${own}account`;
  const key = await post(ann, account, { action: 'add-key', name: 'Nightly build', days: '90' });
  await post(ann, account, { ...fieldsOf(key.text, account), code: lastCode() });
  await post(ann, account, { action: 'add-address', address: 'ann.example@department.example.test' });
  const { text } = await ada.visit(`${origin}${own}people?search=ann`);
  const [, id = ''] = /\?id=([0-9a-f-]{36})/.exec(text) ?? [];
  return { ada, byPasskey, lastCode, idOfAnn: id };
}

/** Wrong codes for an address, until it gets a long one. */
export async function useUpGuesses({ askCode, enter, open }: Made, email: string): Promise<void> {
  for (let asked = 0; asked < 2; asked += 1) {
    const browser = new CookieBrowser();
    let page = await askCode(browser, await open(browser), email);
    for (let tried = 0; tried < 5; tried += 1) page = await enter(browser, page, '000000');
  }
}

/** Who opens a page: a person without a session, one with, or an administrator. */
export type Visitor = 'stranger' | 'ann' | 'byPasskey' | 'ada';

export interface SignInPage {
  readonly name: string;
  readonly by: Visitor;
  /** In this tab, unless it opens another one. */
  open(page: Page, world: AtPages): Promise<unknown>;
}

const cookiesFor = (origin: string, { cookies }: CookieBrowser) =>
  [...(cookies.get(new URL(origin).host) ?? [])].map(([name, value]) => ({ name, value, url: origin }));

export type Tabs = Readonly<Record<Visitor, Page>>;

/** A tab for each visitor, for all pages: another tab would wait until the first one has signed in. */
export async function tabsOf(
  chromium: Browser,
  { origin, ann, byPasskey, ada }: AtPages,
  options: BrowserContextOptions,
): Promise<Tabs> {
  const tab = async (browser: CookieBrowser | null) => {
    const context = await chromium.newContext(options);
    context.setDefaultTimeout(20_000);
    if (browser !== null) await context.addCookies(cookiesFor(origin, browser));
    return await context.newPage();
  };
  return { stranger: await tab(null), ann: await tab(ann), byPasskey: await tab(byPasskey), ada: await tab(ada) };
}

const at = (by: Visitor, name: string, path: string, element = 'h1'): SignInPage => ({
  name,
  by,
  async open(page, { origin }) {
    await page.goto(origin + path);
    await page.locator(element).waitFor();
  },
});

const submit = (page: Page) => page.locator('main form:visible button').first().click();

async function toCode(page: Page, { origin }: AtPages, email: string): Promise<void> {
  await page.goto(origin);
  await page.locator('#email').fill(email);
  await submit(page);
  await page.locator('#code').waitFor();
}

async function toSignUp(page: Page, { origin }: AtPages): Promise<void> {
  await page.goto(origin);
  await page.locator('a[href*="sign-up"]').click();
  await page.locator('#alias').waitFor();
}

/** The redirect to the provider is not followed: the page remains. */
async function toStart(page: Page, { origin }: AtPages): Promise<void> {
  await page.route(/[?&]go=1/, (route) => route.fulfill({ status: 204 }));
  await page.goto(`${origin}${own}sign-in/corp?return_to=%2F`);
}

/** The callback of a sign-in at the provider, which has not come back to the browser of this page. */
async function begin(page: Page, { origin }: AtPages, more = ''): Promise<URL> {
  const browser = new CookieBrowser();
  const start = `${origin}${own}sign-in/corp?go=1${more}&return_to=%2F`;
  const { url } = await browser.visit(start, {}, (one) => one.includes('/callback/'));
  await page.context().addCookies(cookiesFor(origin, browser));
  return new URL(url);
}

async function alert(page: Page): Promise<void> {
  await page.getByRole('alert').waitFor();
}

async function sendAlone(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  await page.evaluate(`{
    const form = document.createElement('form');
    form.method = 'post';
    form.action = '/notes?draft=7';
    for (const [name, value] of ${JSON.stringify(Object.entries(fields))})
      form.append(Object.assign(document.createElement('input'), { name, value }));
    document.body.append(form);
    form.submit();
  }`);
  await page.locator('form[action^="/notes"] button').waitFor();
}

/** Some time after the sign-in. */
function later(by: Visitor, name: string, pathOf: (world: AtPages) => string): SignInPage {
  const open = async (page: Page, world: AtPages) => {
    const isAsked = async () => {
      await page.goto(world.origin + pathOf(world));
      return await page.locator('a[href*=max_age]').count();
    };
    await expect.poll(isAsked).toBe(1);
  };
  return { name: `${name}, later`, by, open };
}

const personPath = ({ idOfAnn }: { readonly idOfAnn: string }) => `${own}people?id=${idOfAnn}`;

/** In this order: some pages follow from the ones before them. */
export const pages: readonly SignInPage[] = [
  at('stranger', 'choice', '/either/1'),
  at('stranger', 'address', '/', '#email'),
  { name: 'code', by: 'stranger', open: (page, world) => toCode(page, world, 'ann@example.test') },
  {
    name: 'wrong code',
    by: 'stranger',
    async open(page) {
      await page.locator('#code').fill('000000');
      await submit(page);
      await alert(page);
    },
  },
  {
    name: 'long code',
    by: 'stranger',
    async open(page, world) {
      await toCode(page, world, 'bob@example.test');
      await page.locator('#code-why').waitFor();
    },
  },
  {
    name: 'malformed long code',
    by: 'stranger',
    async open(page) {
      await page.locator('#code').fill('abc');
      await submit(page);
      await alert(page);
    },
  },
  {
    name: 'recovery code',
    by: 'stranger',
    async open(page, { origin }) {
      await page.goto(origin);
      await page.locator('a[href*=recovery]').click();
      await page.locator('#code').waitFor();
    },
  },
  {
    name: 'malformed recovery code',
    by: 'stranger',
    async open(page) {
      await page.locator('#code').fill('abc');
      await submit(page);
      await alert(page);
    },
  },
  at('stranger', 'link', `${own}link?link=none`, 'form button'),
  {
    name: 'refused link',
    by: 'stranger',
    async open(page) {
      await submit(page);
      await alert(page);
    },
  },
  { name: 'sign-up', by: 'stranger', open: toSignUp },
  {
    name: 'refused sign-up',
    by: 'stranger',
    async open(page, world) {
      await toSignUp(page, world);
      for (const [field, value] of Object.entries({ email: 'zoe@example.test', name: 'Zoe', alias: 'ann' }))
        await page.locator(`#${field}`).fill(value);
      await submit(page);
      await alert(page);
    },
  },
  {
    name: 'failure',
    by: 'stranger',
    async open(page, world) {
      const callback = await begin(page, world);
      callback.searchParams.delete('code');
      callback.searchParams.set('error', 'access_denied');
      await page.goto(callback.href);
    },
  },
  {
    name: 'loop',
    by: 'stranger',
    async open(page, world) {
      const callback = await begin(page, world, '&again=1');
      await page.context().clearCookies();
      await page.goto(callback.href);
    },
  },
  at('stranger', 'outage', `${own}sign-in/gone?go=1`),
  {
    name: 'origin',
    by: 'stranger',
    open: (page, { origin }) => page.goto(`${origin.replace('localhost', '127.0.0.1')}${own}sign-out?at_origin=1`),
  },
  {
    name: 'kept form',
    by: 'stranger',
    async open(page, { origin }) {
      await page.goto(`${origin}${own}signed-out`);
      await sendAlone(page, { title: 'Notes', text: 'one' });
    },
  },
  at('stranger', 'signed out', `${own}signed-out`),
  at('stranger', 'not signed in', `${own}signed-in`),
  // From here on, this tab leads the sign-in.
  { name: 'start', by: 'stranger', open: toStart },
  {
    name: 'start beside another tab',
    by: 'stranger',
    async open(page, world) {
      await toStart(page, world);
      const other = await page.context().newPage();
      await toStart(other, world);
      await other.locator('button').waitFor();
    },
  },
  at('ann', 'signed in', `${own}signed-in`),
  at('ann', 'sign out', `${own}sign-out`),
  at('ann', 'sessions', `${own}sessions`),
  at('ann', 'account', `${own}account`),
  {
    name: 'refused key',
    by: 'ann',
    async open(page, { origin }) {
      await page.goto(`${origin}${own}account`);
      await page.locator('#key-name').fill(' ');
      await page.locator('form:has(#key-name) button').click();
      await alert(page);
    },
  },
  {
    name: 'code for an address',
    by: 'ann',
    async open(page, { origin }) {
      await page.goto(`${origin}${own}account`);
      await page.locator('form:has(input[value=renew-address]) button').click();
      await page.locator('#code').waitFor();
    },
  },
  {
    name: 'new key',
    by: 'ann',
    async open(page, { origin }) {
      await page.goto(`${origin}${own}account`);
      await page.locator('#key-name').fill('Monitoring');
      await page.locator('form:has(#key-name) button').click();
      await page.locator('#code').waitFor();
    },
  },
  {
    name: 'passkeys',
    by: 'ann',
    async open(page, { origin }) {
      await page.goto(`${origin}${own}account/passkeys`);
      await page.locator('summary').first().click();
    },
  },
  {
    name: 'passkey needed',
    by: 'ann',
    async open(page, { origin }) {
      await page.goto(`${origin}${own}account/passkeys`);
      await page.locator('a[href*=acr_values]').click();
      await page.locator('form[data-options] button').waitFor();
    },
  },
  at('byPasskey', 'passkeys after a passkey', `${own}account/passkeys`),
  {
    name: 'new recovery codes',
    by: 'byPasskey',
    async open(page) {
      await page.locator('form[action$=recovery-codes] button').click();
      await page.locator('ol').waitFor();
    },
  },
  at('ada', 'first passkey', `${own}account/passkeys`),
  at('ada', 'people', `${own}people`),
  at('ada', 'no people', `${own}people?search=zoe`),
  {
    name: 'refused person',
    by: 'ada',
    async open(page, { origin }) {
      await page.goto(`${origin}${own}people`);
      for (const [field, value] of Object.entries({ email: 'zoe@example.test', name: 'Zoe', alias: 'ann' }))
        await page.locator(`#${field}`).fill(value);
      await page.locator('form:has(#alias) button').click();
      await alert(page);
    },
  },
  { name: 'person', by: 'ada', open: (page, world) => page.goto(world.origin + personPath(world)) },
  at('ann', 'people without the role', `${own}people`),
];

/** Some time after the sign-in, in the world that `later` returns. */
export const laterPages: readonly SignInPage[] = [
  later('ann', 'account', () => `${own}account`),
  later('ann', 'passkeys', () => `${own}account/passkeys`),
  later('ada', 'people', () => `${own}people`),
  later('ada', 'person', personPath),
];
