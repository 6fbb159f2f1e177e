/** The page and the shell script of `docs/examples`, with a real browser, a real shell and the real curl. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ExampleGateway, register, startExampleGateway } from '../integration/docs/example-gateway.ts';
import { launchChromium, noChromium } from '../support/chromium.ts';
import { createConfigFolder } from '../support/config-folder.ts';
import { type RunningCommand, runCommand } from '../support/running-command.ts';
import { skipHere } from '../support/skip-here.ts';

let service: RunningCommand;
let origin: string;

beforeAll(async () => {
  service = runCommand(process.execPath, ['docs/examples/web/serve.mjs'], { PORT: '0' });
  [, origin = ''] = await service.see(/service on (http:\S+)/);
});
afterAll(async () => {
  service.signal('SIGKILL');
  await service.ended;
});

describe('login.sh', () => {
  let gateway: ExampleGateway;
  beforeAll(async () => {
    if (spawnSync('curl', ['--version']).status !== 0) skipHere('no curl: install it (Debian: apt-get install curl)');
    gateway = await startExampleGateway(origin);
  });
  afterAll(() => gateway?.stop());

  /** Enters each code when prompted; `firstCode` is the number of the first one to be printed. */
  async function login(args: string[], firstCode: number, type = (code: string) => code) {
    const shell = spawn('sh', ['docs/examples/shell/login.sh', ...args], {
      env: { ...process.env, ROLEGATE_URL: gateway.origin },
    });
    let output = '';
    let answered = 0;
    shell.stdout.on('data', (chunk) => {
      output += chunk;
    });
    shell.stderr.on('data', async (chunk) => {
      output += chunk;
      const asked = output.split('code that was sent to you: ').length - 1;
      while (answered < asked) {
        answered += 1;
        shell.stdin.write(`${type(await gateway.nthCode(firstCode + answered - 1))}\n`);
      }
    });
    const code = await new Promise((resolve) => shell.on('close', resolve));
    return { code, output };
  }
  const calls = (output: string) =>
    [...output.matchAll(/(\d{3} [A-Z]+ \/\S+)/g)].map(([, call]) => call!.replace(/[0-9a-f-]{36}$/, '{id}'));

  test('signs in, creates a pair, makes a call with each, and leaves nothing behind', async () => {
    const email = await register(gateway, 'ann');
    const { code, output } = await login([email], 2);
    expect(code, output).toBe(0);
    expect(calls(output)).toEqual([
      '202 POST /api/auth/v2/session',
      '202 PUT /api/auth/v2/session/verification',
      '200 GET /orders/7',
      '202 POST /api/auth/v2/keypair',
      '202 PUT /api/auth/v2/keypair/verification',
      '200 GET /orders/7',
      '202 DELETE /api/auth/v2/keypair/{id}',
      '202 DELETE /api/auth/v2/session/{id}',
    ]);
    expect(output).toMatch(/\{"order":"7","user-id":"[0-9a-f-]{36}","groups":"public"\}/);
    expect(output).toMatch(/signed out\n$/);
  });

  test('with a folder, the pair is kept: report.mjs works with it, and only its owner can read it', async () => {
    const folder = createConfigFolder();
    const pair = join(folder.write('here', ''), '..', 'pair');
    const email = await register(gateway, 'bob');
    const { code, output } = await login([email, pair], 5);
    expect(code, output).toBe(0);
    expect(output).not.toContain('DELETE /api/auth/v2/keypair');
    const secretFile = join(pair, 'api-secret');
    expect(statSync(secretFile).mode & 0o777).toBe(0o600);
    const report = runCommand(process.execPath, ['docs/examples/server/report.mjs'], {
      ROLEGATE_URL: gateway.origin,
      ROLEGATE_API_KEY: readFileSync(join(pair, 'api-key'), 'utf8').trim(),
      ROLEGATE_API_SECRET_FILE: secretFile,
    });
    expect(await report.ended, report.output()).toBe(0);
    expect(report.output()).toContain('"order":"7"');
    folder.remove();
  });

  test('a wrong code ends it with the reason and the error id', async () => {
    const email = await register(gateway, 'eve');
    const { code, output } = await login([email], 8, (right) => (right === '000000' ? '000001' : '000000'));
    expect(code).toBe(1);
    expect(output).toContain('401 PUT');
    expect(output).toMatch(/^x-error: The code is wrong\r?$/m);
    expect(output).toMatch(/^x-error-id: [0-9a-f-]{36}\r?$/m);
    expect(output).not.toContain('/orders/7');
  });
});

describe('the page', () => {
  const pictures = 'node_modules/.cache/rolegate/pictures';
  let browser: Browser;
  beforeAll(async () => {
    const launched = await launchChromium();
    if (launched === null) skipHere(noChromium);
    browser = launched;
    mkdirSync(pictures, { recursive: true });
  }, 420_000);
  afterAll(() => browser?.close());

  /** Runs an action on the page with a separate gateway; any script error fails it. */
  async function withPage(lifetimes: string, use: (page: Page, gateway: ExampleGateway) => Promise<void>) {
    const gateway = await startExampleGateway(origin, (text) =>
      text.replace('    outbox: console\n', `    outbox: console\n    lifetimes: { ${lifetimes} }\n`),
    );
    const context = await browser.newContext({ viewport: { width: 900, height: 640 }, deviceScaleFactor: 1 });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    // Violations of the page's policy are reported here.
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) errors.push(message.text());
    });
    try {
      await page.goto(`${gateway.origin}/app/`);
      await use(page, gateway);
      expect(errors).toEqual([]);
    } finally {
      await context.close();
      await gateway.stop();
    }
  }

  async function signIn(page: Page, gateway: ExampleGateway): Promise<void> {
    const email = await register(gateway, 'ann');
    await page.getByLabel('E-mail address').fill(email);
    await page.screenshot({ path: `${pictures}/ask.png` });
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByText(`A code is on its way to ${email}`).waitFor();
    await page.getByLabel('Code').fill(await gateway.nthCode(2));
    await page.screenshot({ path: `${pictures}/prove.png` });
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Ann Example').waitFor();
  }
  const form = (page: Page) => page.getByRole('button', { name: 'Send code' });

  test('signs in, makes a call, and keeps the bearer only in memory, where a reload drops it', () =>
    withPage('session: 24h', async (page, gateway) => {
      await signIn(page, gateway);
      await page.getByRole('button', { name: 'Show order 7' }).click();
      await page.getByText('"order": "7"').waitFor();
      await page.screenshot({ path: `${pictures}/inside.png` });
      const kept = await page.evaluate('JSON.stringify([document.cookie, localStorage.length, sessionStorage.length])');
      expect(kept).toBe('["",0,0]');
      expect(await page.context().cookies()).toEqual([]);
      await page.reload();
      await form(page).waitFor();
    }));

  test('a sign-out ends the session on the server, too', () =>
    withPage('session: 24h', async (page, gateway) => {
      const asked = page.waitForRequest((request) => request.url().endsWith('/orders/7'));
      await signIn(page, gateway);
      await page.getByRole('button', { name: 'Show order 7' }).click();
      const { authorization = '' } = (await asked).headers();
      const status = async () =>
        (await fetch(`${gateway.origin}/api/auth/v2/session`, { headers: { authorization } })).status;
      expect(await status()).toBe(200);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await form(page).waitFor();
      expect(await status()).toBe(401);
    }));

  test('extends the session before its expiry, up to the cap', () =>
    withPage('session: 5s, cap: 12s', async (page, gateway) => {
      let extended = 0;
      page.on('response', (answer) => {
        if (answer.url().endsWith('/session/extend') && answer.status() === 202) extended += 1;
      });
      await signIn(page, gateway);
      await expect.poll(() => extended, { timeout: 12_000 }).toBeGreaterThan(1);
      await page.getByRole('button', { name: 'Show order 7' }).click();
      await page.getByText('"order": "7"').waitFor();
      await form(page).waitFor();
      expect(extended).toBeLessThan(6);
    }));

  test('a refusal is shown with its error id', () =>
    withPage('session: 24h', async (page) => {
      await page.getByLabel('E-mail address').fill('nobody@example.test');
      await page.getByRole('button', { name: 'Send code' }).click();
      const alert = page.getByRole('alert');
      await alert.waitFor();
      expect(await alert.textContent()).toMatch(/^There is no such e-mail address\. Error id: [0-9a-f-]{36}$/);
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.setViewportSize({ width: 360, height: 640 });
      await page.screenshot({ path: `${pictures}/refused.png` });
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    }));
});
