/** The demo's first address in Chromium: a person signs in by the code in the terminal, and sees the protected page. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium, noChromium } from '../support/chromium.ts';
import { runRolegate } from '../support/running-command.ts';
import { skipHere } from '../support/skip-here.ts';

let chromium: Browser | null = null;
beforeAll(async () => {
  chromium = await launchChromium();
}, 400_000);
afterAll(() => chromium?.close());

test.each([
  { javaScriptEnabled: true, colorScheme: 'light' as const },
  { javaScriptEnabled: false, colorScheme: 'dark' as const },
])(
  'signs a person in and out again: $javaScriptEnabled, $colorScheme',
  async (options) => {
    if (chromium === null) skipHere(noChromium);
    const demo = runRolegate(['demo'], { ROLEGATE_LISTEN: '127.0.0.1:0', ROLEGATE_ADMIN: '127.0.0.1:0' });
    const context = await chromium.newContext({ ...options, locale: 'en' });
    try {
      await demo.see(/Codes and requests appear below/);
      const [, gateway] = await demo.see(/ gateway (http:\S+)/);
      const page = await context.newPage();
      await page.goto(`${gateway}/`);
      await page.getByLabel('E-mail address').fill('ann@example.test');
      await page.getByRole('button', { name: 'Send me a code' }).click();
      const [, code] = await demo.see(/code (\d{6}) for ann@example\.test; enter it on the page/);
      await page.getByLabel('Code').fill(code!);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByRole('heading', { name: 'Hello ann' }).waitFor();
      expect(page.url()).toBe(`${gateway}/`);
      await page.getByRole('link', { name: 'Sign out' }).click();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.goto(`${gateway}/`);
      await page.getByLabel('E-mail address').waitFor();
    } finally {
      await context.close();
      demo.signal('SIGINT');
      await demo.ended;
    }
  },
  60_000,
);
