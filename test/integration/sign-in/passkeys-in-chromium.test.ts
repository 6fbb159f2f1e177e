/** Passkeys on the pages of accounts in Chromium, with virtual authenticators of the DevTools protocol. */
import { createPrivateKey } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium, noChromium } from '../../support/chromium.ts';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { skipHere } from '../../support/skip-here.ts';
import { passkeyWorlds } from './passkey-world.ts';

const start = passkeyWorlds();
let chromium: Browser | null = null;
beforeAll(async () => {
  chromium = await launchChromium();
}, 400_000);
afterAll(() => chromium?.close());

/** A page with an authenticator of its own. `present`: whether its user touches it at once. */
async function openPage({ verifies = true, present = true } = {}) {
  if (chromium === null) skipHere(noChromium);
  const context = await chromium.newContext();
  const page = await context.newPage();
  const tools = await context.newCDPSession(page);
  await tools.send('WebAuthn.enable');
  const { authenticatorId } = await tools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: verifies,
      automaticPresenceSimulation: present,
    },
  });
  return {
    page,
    touch: () => tools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: true }),
    async store(key: { id: string; privateKey: string; rpId: string; userHandle: string }, signCount = 0) {
      const pkcs8 = createPrivateKey(key.privateKey).export({ type: 'pkcs8', format: 'der' });
      await tools.send('WebAuthn.addCredential', {
        authenticatorId,
        credential: {
          credentialId: Buffer.from(key.id, 'base64url').toString('base64'),
          isResidentCredential: true,
          rpId: key.rpId,
          privateKey: pkcs8.toString('base64'),
          userHandle: Buffer.from(key.userHandle, 'base64url').toString('base64'),
          signCount,
        },
      });
    },
  };
}

/** Of every request for a passkey, its kind, and what became of it. */
async function watchRequests(page: Page): Promise<() => Promise<readonly string[]>> {
  await page.addInitScript(`
    window.events = [];
    const get = navigator.credentials.get.bind(navigator.credentials);
    navigator.credentials.get = (options) => {
      window.events.push(options.mediation + ' asked');
      return get(options).catch((error) => {
        window.events.push(options.mediation + ' ' + error.name);
        throw error;
      });
    };`);
  return () => page.evaluate<readonly string[]>('window.events');
}

/** After a refusal, the page would ask again at once, and the authenticator use the same passkey, until there are too many failures. */
async function offerOnce(page: Page): Promise<void> {
  let offered = 0;
  await page.route(/passkey-options/, (route) => {
    offered += 1;
    return offered === 1 ? route.continue() : route.abort();
  });
}

const press = (page: Page) => page.getByRole('button', { name: 'Sign in with a passkey' }).click();

describe('signing in', () => {
  test('with the button leads to the address that was opened', async () => {
    const { origin, add } = await start();
    const { key } = await add();
    const { page, store } = await openPage();
    // The passkey is added when the browser has nothing to suggest, so that only the button uses it.
    const offered = page.waitForResponse(/passkey-options/);
    await page.goto(`${origin}/mine#part`);
    await offered;
    await store(key);
    await press(page);
    await page.waitForURL(`${origin}/mine#part`);
    expect(await page.textContent('body')).toBe('upstream');
  });

  test('with the button ends a pending suggestion first, and a second press the request of the first', async () => {
    const { origin, add } = await start();
    const { key } = await add();
    const { page, store, touch } = await openPage({ present: false });
    const requests = await watchRequests(page);
    await page.goto(`${origin}/mine`);
    await expect.poll(requests).toEqual(['conditional asked']);
    await press(page);
    await expect.poll(requests).toEqual(['conditional asked', 'conditional AbortError', 'optional asked']);
    await store(key);
    await touch();
    await press(page);
    await page.waitForURL(`${origin}/mine`);
  });

  test('with a suggestion at the address needs no button', async () => {
    const { origin, add } = await start();
    const { key } = await add();
    const { page, store } = await openPage();
    await store(key);
    await page.goto(`${origin}/mine`);
    await page.waitForURL(`${origin}/mine`);
    // Control: an authenticator without a passkey leaves the page as it is.
    const other = await openPage();
    await other.page.goto(`${origin}/mine`);
    expect(await other.page.locator('#email').getAttribute('autocomplete')).toBe('username webauthn');
    expect(other.page.url()).toContain('/.rolegate/address');
  });

  test('fails where the user is not verified, and the page says so', async () => {
    const { origin, add } = await start();
    const { key } = await add();
    const { page, store } = await openPage({ verifies: false });
    await store(key);
    await page.goto(`${origin}/mine`);
    await press(page);
    await page.getByText('No passkey was used.').waitFor();
    expect(page.url()).toContain('/.rolegate/address');
  });
});

/** Signs in with a code, in this page. */
async function signIn({ origin, gateway }: Pick<World, 'origin' | 'gateway'>, page: Page, target: string) {
  await page.goto(origin + target);
  await page.locator('#email').fill('ann@example.test');
  await page.getByRole('button', { name: 'Send me a code' }).click();
  await page.locator('#code').fill(gateway.codes.at(-1)!.code);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

type World = Awaited<ReturnType<typeof start>>;

const list = '/.rolegate/account/passkeys';

describe('the page of passkeys', () => {
  test('creates one, which signs in until it is removed; a second one of the same device is not created', async () => {
    const world = await start();
    const { origin } = world;
    const { page } = await openPage();
    await signIn(world, page, list);
    await page.getByLabel('Name of a new passkey').fill('Laptop');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('never used').waitFor();
    // A second one needs a sign-in with the first.
    await page.getByRole('link', { name: 'Sign in with a passkey' }).click();
    await page.getByText('last used').waitFor();
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('Perhaps this device has one already').waitFor();
    await page.context().clearCookies();
    await page.goto(origin + list);
    await page.getByText('last used').waitFor();
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Laptop').waitFor({ state: 'detached' });
    await page.context().clearCookies();
    // The browser does not know that it was removed.
    await offerOnce(page);
    await page.goto(`${origin}/mine`);
    await page.getByText('was not accepted').waitFor();
  });

  test('and the page for the address refuse a copy whose counter has not risen', async () => {
    const { origin, add, open, usePasskey } = await start();
    const { key } = await add();
    const counting = new CookieBrowser();
    await usePasskey(counting, await open(counting), { ...key, counter: 40 });
    const copy = await openPage();
    await copy.store(key, 7);
    await offerOnce(copy.page);
    await copy.page.goto(`${origin}/mine`);
    await copy.page.getByText('it looks like a copy').waitFor();
    // Control: with one that has.
    const own = await openPage();
    await own.store(key, 60);
    await own.page.goto(`${origin}/mine`);
    await own.page.waitForURL(`${origin}/mine`);
  });

  test('of another origin gets no passkey from the browser (control: the own one)', async () => {
    const { origin, add, api } = await start();
    const { key } = await add();
    const { options } = (await api.call('POST', '/session/passkey/options', {})).json;
    const { page, store } = await openPage();
    await store(key);
    const ask = `navigator.credentials
      .get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(${JSON.stringify(options)}) })
      .then((one) => one.id, (error) => error.name)`;
    await page.goto(`${origin.replace('localhost', '127.0.0.1')}/api/auth/v2/openapi.json`);
    expect(await page.evaluate(ask)).toBe('SecurityError');
    await page.goto(`${origin}/.rolegate/signed-out`);
    expect(await page.evaluate(ask)).toBe(key.id);
  });
});

test('without script the button is not shown, and a code signs in', async () => {
  const { origin, gateway } = await start();
  if (chromium === null) skipHere(noChromium);
  const context = await chromium.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${origin}/mine`);
  await page.waitForURL(/address/);
  expect(await page.getByRole('button').allTextContents()).toEqual(['Send me a code']);
  await page.locator('#email').fill('ann@example.test');
  await page.getByRole('button').click();
  await page.locator('#code').fill(gateway.codes.at(-1)!.code);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${origin}/mine`);
});
