/** Every page of sign-in in Chromium: what axe-core finds, and what is wider than the screen, in both languages, narrow and wide, light and dark. */
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium, noChromium } from '../support/chromium.ts';
import { skipHere } from '../support/skip-here.ts';
import {
  type AtPages,
  laterPages,
  pages,
  type SignInPage,
  signInPages,
  tabsOf,
  useUpGuesses,
  type Visitor,
} from './support/sign-in-pages.ts';

const start = signInPages();
let chromium: Browser | null = null;
beforeAll(async () => {
  chromium = await launchChromium();
}, 400_000);
afterAll(() => chromium?.close());

const axe = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');
interface Screen {
  readonly width: number;
  readonly colorScheme: 'light' | 'dark';
}
const screens: readonly Screen[] = [
  { width: 390, colorScheme: 'light' },
  { width: 1440, colorScheme: 'light' },
  { width: 1440, colorScheme: 'dark' },
  { width: 390, colorScheme: 'dark' },
];

/** Also what is only a recommendation, and targets that are hard to hit (WCAG 2.2, 2.5.8), which are not checked by default. */
const run = `axe
  .run(document, { resultTypes: ['violations'], preload: false, iframes: false, rules: { 'target-size': { enabled: true } } })
  .then(({ violations }) => violations.flatMap(({ id, impact, nodes }) => nodes.map(({ target }) => id + ' (' + impact + '): ' + target.join(' '))))`;

async function faultsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  const faults: string[] = [];
  for (const { width, colorScheme } of screens) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 844 });
    const shown = await page.evaluate<number>('document.documentElement.scrollWidth');
    const seen = [...(await page.evaluate<readonly string[]>(run)), ...(shown > width ? [`${shown} px wide`] : [])];
    faults.push(...seen.map((fault) => `${colorScheme}, ${width} px: ${fault}`));
  }
  return faults;
}

/** By the name of the page. */
async function faultyOf(world: AtPages, pages: readonly SignInPage[], locale: string) {
  const tabs = await tabsOf(chromium ?? skipHere(noChromium), world, { locale });
  const faulty: Record<string, readonly string[]> = {};
  const see = async (by: Visitor) => {
    for (const { name, open } of pages.filter((one) => one.by === by)) {
      await open(tabs[by], world);
      const page = tabs[by].context().pages().at(-1)!;
      const language = await page.locator('html').getAttribute('lang');
      const foreign = locale.startsWith(`${language}-`) ? [] : [`in ${language}`];
      const faults = [...foreign, ...(await faultsOf(page))];
      if (faults.length > 0) faulty[name] = faults;
    }
    await tabs[by].context().close();
  };
  await Promise.all([see('stranger'), see('ann'), see('byPasskey'), see('ada')]);
  return faulty;
}

test('every page is in the language of the browser, and none has a fault', async () => {
  const world = await start();
  await useUpGuesses(world, 'bob@example.test');
  const locales = ['en-GB', 'es-MX'];
  const faulty: object[] = [];
  for (const locale of locales) faulty.push(await faultyOf(world, pages, locale));
  const later = await world.later();
  for (const locale of locales) faulty.push(await faultyOf(later, laterPages, locale));
  expect(faulty).toEqual([{}, {}, {}, {}]);
}, 400_000);

test('control: a field without a label, faint text in the dark, and a form wider than a phone', async () => {
  const world = await start();
  const { stranger: page } = await tabsOf(chromium ?? skipHere(noChromium), world, { locale: 'en-GB' });
  await pages.find(({ name }) => name === 'address')!.open(page, world);
  await page.evaluate(`
    document.querySelector('label').remove();
    document.querySelector('h1').style.color = 'light-dark(#000, #333)';
    document.querySelector('form').style.minWidth = '420px';`);
  const faults = await faultsOf(page);
  expect(faults.filter((fault) => fault.includes('label (critical): #email'))).toHaveLength(4);
  expect(
    faults.filter((fault) => fault.includes('color-contrast (serious): h1')).map((one) => one.slice(0, 4)),
  ).toEqual([...['dark', 'dark']]);
  expect(faults.filter((fault) => fault.endsWith('px wide'))).toHaveLength(2);
  await page.context().close();
});
