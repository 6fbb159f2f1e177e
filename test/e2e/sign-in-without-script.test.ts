/** The pages of sign-in in a Chromium without JavaScript: all that they promise works, except to use and to add a passkey. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium, noChromium } from '../support/chromium.ts';
import { skipHere } from '../support/skip-here.ts';
import { type PagesWorld, signInPages, tabsOf } from './support/sign-in-pages.ts';

const start = signInPages();
let chromium: Browser | null = null;
beforeAll(async () => {
  chromium = await launchChromium();
}, 400_000);
afterAll(() => chromium?.close());

const open = (world: PagesWorld) =>
  tabsOf(chromium ?? skipHere(noChromium), world, { locale: 'en-GB', javaScriptEnabled: false });

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).first().click();

/** In the row of a table. */
const pressIn = (page: Page, row: string, name: string) =>
  page.getByRole('row').filter({ hasText: row }).getByRole('button', { name, exact: true }).click();

async function enterCode(page: Page, { lastCode }: PagesWorld, button: string): Promise<void> {
  await page.getByLabel('Code').fill(lastCode());
  await press(page, button);
}

test('a person signs up, changes the own account, and signs out', async () => {
  const world = await start();
  const { origin } = world;
  const { stranger: page, ann } = await open(world);
  await page.goto(`${origin}/kept?a=1`);
  await page.getByLabel('E-mail address').waitFor();
  // Control: there is no JavaScript.
  expect(await page.getByRole('button').allTextContents()).toEqual(['Send me a code']);
  await page.getByRole('link', { name: 'Create one' }).click();
  await page.getByLabel('E-mail address').fill('zoe@example.test');
  await page.getByLabel('Your name').fill('Zoe');
  await page.getByLabel('Short name').fill('zoe');
  await press(page, 'Create account');
  await enterCode(page, world, 'Sign in');
  await page.waitForURL(`${origin}/kept?a=1`);

  await page.goto(`${origin}/.rolegate/account`);
  await page.getByLabel('Another address').fill('zoe@work.test');
  await press(page, 'Add');
  await enterCode(page, world, 'Confirm');
  await pressIn(page, 'zoe@work.test', 'Prefer');
  await pressIn(page, 'zoe@example.test', 'Remove');
  // Beside the address there is the session of this browser.
  const rows = () => page.getByRole('row').allTextContents();
  const [address, session] = [expect.stringContaining('zoe@work.test'), expect.stringContaining('this one')];
  await expect.poll(rows).toEqual([address, session]);
  await page.getByLabel('Name of a new key').fill('Backup');
  await press(page, 'Create key');
  await page.getByText('The secret is not shown again').waitFor();
  await enterCode(page, world, 'Confirm');
  await expect.poll(rows).toEqual([address, expect.stringContaining('Backup'), session]);
  await pressIn(page, 'Backup', 'Remove');
  await expect.poll(rows).toEqual([address, session]);
  await page.getByRole('link', { name: 'Your passkeys' }).click();
  expect(await page.getByRole('button').allTextContents()).toEqual([]);
  expect(await page.locator('noscript p').isVisible()).toBe(true);
  await page.getByRole('link', { name: 'Back to your account' }).click();
  await page.getByRole('link', { name: 'Your sessions' }).click();
  await press(page, 'Sign out everywhere');
  await page.getByText('You are signed out').waitFor();
  await page.goto(`${origin}/kept`);
  await page.getByLabel('E-mail address').waitFor();

  await ann.goto(`${origin}/.rolegate/account/passkeys`);
  await ann.getByText('Rename').first().click();
  await ann.getByLabel('Name', { exact: true }).fill('Old phone');
  await press(ann, 'Rename');
  await ann.getByText('Old phone').waitFor();
});

test('an administrator manages people; a provider is chosen, and a form that was sent too late is sent again', async () => {
  const world = await start();
  const { origin, service } = world;
  const { stranger: page, ada } = await open(world);
  await ada.goto(`${origin}/.rolegate/people`);
  await ada.getByLabel('E-mail address').fill('zoe@example.test');
  await ada.getByLabel('Name', { exact: true }).fill('Zoe');
  await ada.getByLabel('Short name').fill('zoe');
  await press(ada, 'Add');
  await ada.getByText('Signed in nowhere').waitFor();
  await ada.goto(`${origin}/.rolegate/people`);
  await ada.getByLabel('Find a person').fill('ann');
  await press(ada, 'Find');
  await ada.getByRole('link', { name: 'ann@example.test' }).click();
  await press(ada, 'End all sessions');
  await ada.getByText('Signed in nowhere').waitFor();
  await pressIn(ada, 'Phone', 'Remove');
  await ada.getByText('There are none').waitFor();

  await page.goto(`${origin}/either/1?a=2`);
  await page.getByRole('link', { name: 'The corp account' }).click();
  await page.waitForURL(`${origin}/either/1?a=2`);
  await page.context().clearCookies({ name: 'rolegate-session' });
  const form = '<form method="post" action="/either/1"><input name="text" value="one"><button>Save</button></form>';
  await page.route(`${origin}/form`, (route) => route.fulfill({ contentType: 'text/html', body: form }));
  await page.goto(`${origin}/form`);
  await press(page, 'Save');
  const beside = page.context().waitForEvent('page');
  await page.getByRole('link', { name: 'Sign in' }).click();
  const other = await beside;
  await other.getByRole('link', { name: 'The corp account' }).click();
  await other.getByText('You are signed in').waitFor();
  await press(page, 'Send the form again');
  await page.getByText('upstream').waitFor();
  expect(service.last().body.toString()).toBe('text=one');
});
