/**
 * `npm run picture:pages` draws `docs/pictures/pages-light.png` and `pages-dark.png`: the pages of a sign-in at the demo, as Chromium shows
 * them, beside each other.
 */
import { writeFileSync } from 'node:fs';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { launchChromium, noChromium } from '../../test/support/chromium.ts';
import { runRolegate } from '../../test/support/running-command.ts';

/** Of a page, in CSS pixels. */
const size = { width: 390, height: 540 };
const gap = 16;
const backgrounds = { light: '#ffffff', dark: '#0d1117' } as const;

type Scheme = keyof typeof backgrounds;

const chromium = await launchChromium();
if (chromium === null) throw new Error(noChromium);
// The address in the pictures is that of a plain start.
const demo = runRolegate(['demo'], { ROLEGATE_ADMIN: '127.0.0.1:0' });
try {
  await demo.see(/Codes and requests appear below/);
  for (const scheme of ['light', 'dark'] as const) {
    const pages = await shown(chromium, scheme);
    const picture = new URL(`../../docs/pictures/pages-${scheme}.png`, import.meta.url);
    writeFileSync(picture, await besideEachOther(chromium, pages, scheme));
    process.stdout.write(`docs/pictures/pages-${scheme}.png: ${pages.length} pages\n`);
  }
} finally {
  demo.signal('SIGINT');
  await demo.ended;
  await chromium.close();
}

/** Pictures of the page for the address, that for the code, and the protected one. */
async function shown(browser: Browser, scheme: Scheme): Promise<readonly Buffer[]> {
  const options: BrowserContextOptions = { viewport: size, colorScheme: scheme, locale: 'en' };
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const taken: Buffer[] = [];
  await page.goto(/ gateway (http:\S+)/.exec(demo.output())![1]!);
  await page.getByLabel('E-mail address').fill('ann@example.test');
  taken.push(await page.screenshot());
  const before = demo.output().length;
  await page.getByRole('button', { name: 'Send me a code' }).click();
  const field = page.getByLabel('Code');
  await field.waitFor();
  while (!/code \d{6} for/.test(demo.output().slice(before))) await new Promise((resolve) => setTimeout(resolve, 50));
  await field.fill(/code (\d{6}) for/.exec(demo.output().slice(before))![1]!);
  taken.push(await page.screenshot());
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { name: 'Hello ann' }).waitFor();
  taken.push(await page.screenshot());
  await context.close();
  return taken;
}

async function besideEachOther(browser: Browser, pages: readonly Buffer[], scheme: Scheme): Promise<Buffer> {
  const width = pages.length * (size.width + gap) - gap;
  const page = await browser.newPage({ viewport: { width, height: size.height } });
  const images = pages.map((one) => `<img src="data:image/png;base64,${one.toString('base64')}">`).join('');
  const style = `body { margin: 0; display: flex; gap: ${gap}px; background: ${backgrounds[scheme]} } img { border-radius: 12px; width: ${size.width}px }`;
  await page.setContent(`<style>${style}</style>${images}`, { waitUntil: 'load' });
  const picture = await page.screenshot();
  await page.close();
  return picture;
}
