/**
 * The documentation as a site: it builds without broken links, and its pages work in Chromium, without errors or
 * accessibility faults.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium, noChromium } from '../support/chromium.ts';
import { copyProject, type ProjectCopy } from '../support/project-copy.ts';
import { runCommand } from '../support/running-command.ts';
import { skipHere } from '../support/skip-here.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
};
const pages = [
  '/',
  '/README',
  '/SECURITY',
  '/docs/getting-started',
  '/docs/guides/write-a-policy',
  '/docs/guides/behind-your-proxy',
  '/docs/reference/reasons',
  '/docs/concepts/failure-modes',
  '/config/gateway.reference.yaml',
];

let copy: ProjectCopy;
let server: Server;
let origin: string;
let browser: Browser | null = null;

beforeAll(async () => {
  copy = copyProject({ installed: true });
  const building = runCommand('npm', ['run', 'docs'], {}, { cwd: copy.folder });
  expect(await building.ended, building.output()).toBe(0);
  server = serve(join(copy.folder, 'site/dist'));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await launchChromium();
}, 900_000);
afterAll(async () => {
  await browser?.close();
  server?.close();
  copy.remove();
});

test('a broken link stops the build', () => {
  const page = join(copy.folder, 'docs/getting-started.md');
  const text = readFileSync(page, 'utf8').replace('](', '](no-such-page.md) [x](');
  spawnSync('tee', [page], { input: text, stdio: ['pipe', 'ignore', 'inherit'] });
  const { status, stderr } = spawnSync(process.execPath, [join(copy.folder, 'site/prepare.ts')], { encoding: 'utf8' });
  expect(status).not.toBe(0);
  expect(stderr).toContain('docs/getting-started.md links to no-such-page.md');
});

describe.each([
  ['wide', 1440, 900, 'light'],
  ['narrow', 390, 844, 'dark'],
] as const)('%s', (_, width, height, colorScheme) => {
  test.each(pages)('%s', async (path) => {
    const page = await (browser ?? skipHere(noChromium)).newPage({ viewport: { width, height }, colorScheme });
    try {
      const faults = watched(page);
      const response = await page.goto(`${origin}${path}`, { waitUntil: 'load' });
      expect(response?.status()).toBe(200);
      await page.locator('h1, .VPHero .name').first().waitFor();
      expect(faults).toEqual([]);
      expect(await serious(page)).toEqual([]);
      // Tables and code scroll on their own; the page does not.
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      if (width > 1000) expect(await outside(page)).toEqual([]);
    } finally {
      await page.close();
    }
  });
});

test('the search knows pages and configurations, but no tests, programs and schemas', () => {
  const [index, ...others] = globSync('site/dist/assets/chunks/@localSearchIndex*.js', { cwd: copy.folder });
  expect(others).toEqual([]);
  const text = readFileSync(join(copy.folder, index!), 'utf8');
  expect(text).toContain('/docs/guides/revocation');
  expect(text).toContain('/config/gateway.reference.yaml');
  expect(text.match(/\/(?:test|src)\/[\w/.-]+|\/[\w/.-]+\.(?:json|svg)\.html/g) ?? []).toEqual([]);
  // They are pages nevertheless.
  expect(globSync('site/dist/test/**/*.html', { cwd: copy.folder })).not.toEqual([]);
});

test('buttons have the blue of the logo', async () => {
  const page = await (browser ?? skipHere(noChromium)).newPage();
  try {
    await page.goto(`${origin}/`);
    const [, color = ''] = /(#[0-9a-f]{6})/.exec(readFileSync('docs/pictures/logo.svg', 'utf8')) ?? [];
    const rgb = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)).join(', ');
    const shown = await page
      .locator('.VPButton.brand')
      .first()
      // biome-ignore lint/suspicious/noExplicitAny: the types of the page are not those of this program.
      .evaluate((button) => (globalThis as any).getComputedStyle(button).backgroundColor as string);
    expect(shown).toBe(`rgb(${rgb})`);
  } finally {
    await page.close();
  }
});

test('the search finds a page', async () => {
  const page = await (browser ?? skipHere(noChromium)).newPage({ viewport: { width: 1440, height: 900 } });
  try {
    await page.goto(`${origin}/docs/getting-started`);
    await page.locator('.DocSearch-Button').click();
    await page.locator('#localsearch-input').fill('revocation');
    await page.locator('#localsearch-list a').first().waitFor();
    expect(await page.locator('#localsearch-list').textContent()).toMatch(/revo/i);
  } finally {
    await page.close();
  }
});

/** Errors of the page and its resources. */
function watched(page: Page): string[] {
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`${response.status()} ${response.url()}`);
  });
  return faults;
}

/** Tables beyond the column of the text, and code with lines of at most 100 columns that is cut. */
async function outside(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    // biome-ignore lint/suspicious/noExplicitAny: the types of the page are not those of this program.
    const { document } = globalThis as any;
    const column = document.querySelector('.vp-doc')?.getBoundingClientRect();
    const found: string[] = [];
    for (const table of document.querySelectorAll('.vp-doc table')) {
      if (table.getBoundingClientRect().right > column.right + 1)
        found.push(`table: ${table.textContent.slice(0, 60)}`);
    }
    for (const pre of document.querySelectorAll('.vp-doc pre')) {
      const longest = Math.max(...pre.textContent.split('\n').map(({ length }: string) => length));
      if (longest <= 100 && pre.scrollWidth > pre.clientWidth + 1) found.push(`code: ${pre.textContent.slice(0, 60)}`);
    }
    return found;
  });
}

/** What axe-core finds that prevents people from reading the page. */
async function serious(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: join(copy.folder, 'site/node_modules/axe-core/axe.min.js') });
  return await page.evaluate(async () => {
    // biome-ignore lint/suspicious/noExplicitAny: axe-core is a script of the page.
    const { violations } = await (globalThis as any).axe.run();
    return violations
      .filter(({ impact }: { impact: string }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }: { id: string; nodes: { target: string[] }[] }) => `${id}: ${nodes[0]?.target.join(' ')}`);
  });
}

function serve(folder: string): Server {
  return createServer(({ url = '/' }, response) => {
    const path = join(folder, decodeURI(new URL(url, 'http://site').pathname));
    const file = [path, `${path}.html`, join(path, 'index.html')].find(
      (one) => existsSync(one) && statSync(one).isFile(),
    );
    response.writeHead(file === undefined ? 404 : 200, { 'content-type': types[extname(file ?? '')] ?? 'text/html' });
    response.end(file === undefined ? '' : readFileSync(file));
  });
}
