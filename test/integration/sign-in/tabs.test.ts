/** The first page of sign-in in a browser: one of many tabs leads, fragments are kept, and nothing needs a second click. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium, noChromium } from '../../support/chromium.ts';
import { signInWorlds } from './sign-in-world.ts';

const world = signInWorlds();
let browser: Browser | null = null;
beforeAll(async () => {
  browser = await launchChromium();
}, 400_000);
afterAll(() => browser?.close());

describe('in Chromium', () => {
  test('ten tabs that open at once all arrive, with one sign-in', async ({ skip }) => {
    if (browser === null) return skip(noChromium);
    const { origin, start, sessions, openid } = await world();
    const context = await browser.newContext();
    const pages = await Promise.all(Array.from({ length: 10 }, () => context.newPage()));
    const links = pages.map((_, i) => `/link/${i}?a=//b#part-${i}`);
    await Promise.all(pages.map((page, i) => page.goto(start(links[i]!), { waitUntil: 'commit' })));
    await Promise.all(pages.map((page, i) => page.waitForURL(origin + links[i]!)));
    expect(await sessions.listOf(openid.issuer, 'ann')).toHaveLength(1);
    const cookies = await context.cookies();
    expect(
      cookies
        .filter(({ domain, name }) => domain === '127.0.0.1' && name.startsWith('rolegate'))
        .map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite])
        .sort(),
    ).toEqual([
      ['rolegate-browser', true, 'Lax'],
      ['rolegate-session', true, 'Lax'],
    ]);
    await context.close();
  });

  test('the fragment of the first address is kept, although only the browser knows it', async ({ skip }) => {
    if (browser === null) return skip(noChromium);
    const { origin, start } = await world();
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${start('/deep')}#section/2?x`, { waitUntil: 'commit' });
    await page.waitForURL(`${origin}/deep#section/2?x`);
    await context.close();
  });

  test('without script it is a redirect', async ({ skip }) => {
    if (browser === null) return skip(noChromium);
    const { origin, start } = await world();
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(start('/plain'), { waitUntil: 'commit' });
    await page.waitForURL(`${origin}/plain`);
    await context.close();
  });

  test('its policy permits its own script and style, and nothing else', async ({ skip }) => {
    if (browser === null) return skip(noChromium);
    const { origin, start } = await world();
    const context = await browser.newContext();
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('console', (message) => faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(error.message));
    await page.goto(start('/x'), { waitUntil: 'commit' });
    await page.waitForURL(`${origin}/x`);
    faults.length = 0;
    for (const path of ['sign-out', 'sessions', 'signed-out']) {
      await page.goto(`${origin}/.rolegate/${path}`);
      expect(await page.evaluate("getComputedStyle(document.querySelector('main')).borderRadius")).toBe('12px');
    }
    await page.goto(`${origin}/.rolegate/sign-out`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(/session\/end/);
    expect(faults).toEqual([]);
    await context.close();
  });
});
