/** The code of the pages of accounts, from the sources and as built: a process loads it when the first of them is opened, not before. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { buildProgram } from '../support/built-program.ts';
import { freePort } from '../support/free-port.ts';
import { type RunningCommand, runCommand } from '../support/running-command.ts';

/** Prints the name of each loaded file that has such code. */
const watch = `
import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
const pages = /(?:create-account-pages|own-account|own-passkeys|administration|spanish)[^/]*[.][jt]s$/;
registerHooks({
  load(url, context, next) {
    if (pages.test(url)) writeSync(2, 'loaded ' + url.slice(url.lastIndexOf('/') + 1) + '\\n');
    return next(url, context);
  },
});
`;

let folder = '';
let gateway: RunningCommand | null = null;

afterEach(async () => {
  gateway?.signal('SIGKILL');
  await gateway?.ended;
  rmSync(folder, { recursive: true, force: true });
});

async function start(program: string): Promise<string> {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-pages-'));
  const origin = `http://localhost:${await freePort()}`;
  writeFileSync(join(folder, 'watch.mjs'), watch);
  writeFileSync(
    join(folder, 'gateway.yaml'),
    `version: 1
server: { listen: "${new URL(origin).host}", admin: false }
cache: { secret: a secret of the gateway with 32 characters }
authApi:
  embedded:
    database: ":memory:"
    secret: a secret for these tests alone and long enough
    revealUnknownEmail: false
    outbox: console
    passkeys: { origin: "${origin}", name: Example }
signIn: { origin: "${origin}" }
roles: { user: {} }
upstreams: { gone: { targets: ["http://127.0.0.1:1"] } }
defaults: { signIn: authApi }
routes:
  - { id: all, match: { path: "/**" }, upstream: gone, credentials: [session], access: [user] }
`,
  );
  const hooks = ['--import', join(folder, 'watch.mjs')];
  gateway = runCommand(process.execPath, [...hooks, program, 'serve', '--config', join(folder, 'gateway.yaml')]);
  await gateway.see(/"msg":"started"/);
  return origin;
}

/** Files of accounts alone; the shared pages have texts in Spanish, too. */
const loaded = () =>
  [...(gateway?.output() ?? '').matchAll(/^loaded (.+)[.][jt]s$/gm)]
    .map(([, name]) => name!)
    .filter((name) => name !== 'spanish');

describe.each([
  ['the sources', () => 'src/main.ts', 6, ['account', 'account/passkeys', 'people']],
  ['the built program', () => buildProgram('pages'), 1, ['people']],
])('%s', (_, program, files, pages) => {
  test.each(pages)('/.rolegate/%s', { timeout: 60_000 }, async (page) => {
    const origin = await start(program());
    const visit = async (path: string) =>
      (await fetch(origin + path, { redirect: 'manual', headers: { accept: 'text/html' } })).status;
    expect([await visit('/any'), await visit('/.rolegate/sessions'), await visit('/.rolegate/signed-out')]).toEqual([
      ...[401, 303, 200],
    ]);
    expect(loaded()).toEqual([]);
    // Control: the page has code that is loaded now.
    expect(await visit(`/.rolegate/${page}`)).toBe(303);
    await expect.poll(() => loaded().length).toBeGreaterThanOrEqual(files);
  });
});
