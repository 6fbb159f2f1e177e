/** `rolegate init --accounts`: one command, and the ones that it prints, protect a page without a provider. */
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { freePort } from '../../support/free-port.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { main, rolegateIn } from '../../support/rolegate-in.ts';
import { runCommand } from '../../support/running-command.ts';
import { fieldsOf } from '../sign-in/accounts-world.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'rolegate-init-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

const rolegate = (...args: string[]) => rolegateIn(folder, ...args);

test('leads to a page that the first user opens with a code from the log', async () => {
  const upstream = await startRecordingUpstream();
  const origin = `http://localhost:${await freePort()}`;
  const { status, stdout } = rolegate('init', upstream.origin, '--accounts', '--origin', origin);
  expect(status).toBe(0);
  const commands = [...stdout.matchAll(/^ {2}rolegate (.+)$/gm)].map(([, args]) => args!.split(' '));
  const [validate, createAdmin, serve] = commands as [string[], string[], string[]];
  expect(rolegate(...validate, '--strict')).toMatchObject({ status: 0, stderr: '' });
  const created = rolegate(...createAdmin);
  expect(created).toMatchObject({ status: 0, stderr: '' });
  expect(created.stdout).toContain(`${origin}/.rolegate/`);
  const file = join(folder, 'gateway.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(':9090', ':0'));
  const gateway = runCommand(process.execPath, [main, ...serve], {}, { cwd: folder });
  try {
    await gateway.see(/^(\{.*"msg":"started".*\})$/m);
    const browser = new CookieBrowser();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin, 'sec-fetch-site': 'same-origin' };
    const post = (path: string, fields: Record<string, string>) =>
      browser.visit(`${origin}${path}`, { method: 'POST', headers, body: String(new URLSearchParams(fields)) });
    const first = await browser.visit(`${origin}/page`);
    const address = { ...fieldsOf(first.text, '/.rolegate/address'), email: 'you@example.test' };
    const asked = await post('/.rolegate/address', address);
    const [, code = ''] = await gateway.see(/"code":"(\d{6})"/);
    const arrived = await post('/.rolegate/code', { ...fieldsOf(asked.text, '/.rolegate/code'), code });
    expect(arrived.url).toBe(`${origin}/page`);
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/page']);
  } finally {
    gateway.signal('SIGTERM');
    await gateway.ended;
    await upstream.close();
  }
});

test.each([
  [['--accounts', '--issuer', 'https://id.example.test'], /exclude each other/],
  [['--accounts', '--origin', 'http://app.example.test'], /https origin/],
])('%j writes nothing', (args, message) => {
  const { status, stderr } = rolegate('init', 'http://127.0.0.1:3000', ...args);
  expect(status).toBe(2);
  expect(stderr).toMatch(message);
  expect(readdirSync(folder)).toEqual([]);
});
