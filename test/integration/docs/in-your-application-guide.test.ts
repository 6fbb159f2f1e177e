/** The applications of `docs/guides/in-your-application.md`, unchanged. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { freePort } from '../../support/free-port.ts';
import { blocksOf } from '../../support/markdown-page.ts';
import { runCommand } from '../../support/running-command.ts';

const blocks = blocksOf(readFileSync('docs/guides/in-your-application.md', 'utf8'));
const applications = blocks.filter(({ language, info }) => `${language} ${info}` === 'js middleware');
const packageOf = (text: string) => /from '([^']+)';/.exec(text)![1]!;

let folder: string;
let authApi: FakeAuthApi;
beforeAll(async () => {
  // Where programs find this project's packages.
  mkdirSync('node_modules/.cache/rolegate', { recursive: true });
  folder = mkdtempSync('node_modules/.cache/rolegate/guide-');
  authApi = await startFakeAuthApi();
  const rules = blocks.find(({ language }) => language === 'yaml')!.text;
  writeFileSync(join(folder, 'gateway.yaml'), rules.replace('http://127.0.0.1:8081', new URL(authApi.url).origin));
  authApi.addSession('anas', { userId: 'ana', roles: ['user'] });
});
afterAll(async () => {
  await authApi.close();
  rmSync(folder, { recursive: true });
});

test('there is one for each framework', () => {
  expect(applications.map(({ text }) => packageOf(text))).toEqual([
    'node:http',
    'express',
    'fastify',
    '@hono/node-server',
  ]);
});

describe.each(applications.map(({ text }) => [packageOf(text), text] as const))('%s', (name, text) => {
  test('allows the callers that the rules allow, and ends', async () => {
    const file = join(folder, `${name.replaceAll(/\W/g, '-')}.mjs`);
    writeFileSync(file, text.replace("'rolegate/middleware'", `'${pathToFileURL('src/in-process.ts').href}'`));
    const port = await freePort();
    const env = { PORT: String(port) };
    const application = runCommand(process.execPath, [join(process.cwd(), file)], env, { cwd: folder });
    const ask = (path: string, headers: Record<string, string> = {}) =>
      fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close', ...headers } });
    try {
      const first = await vi.waitFor(() => ask('/'), { timeout: 20_000 });
      expect(await first.text(), application.output()).toBe('hello stranger\n');
      const authorization = 'Bearer anas';
      expect(await (await ask('/api/x', { authorization, 'user-id': 'root' })).text()).toBe('hello ana\n');
      const refused = await ask('/admin/x', { authorization });
      expect([refused.status, refused.headers.get('x-error')]).toEqual([403, 'A required role is missing']);
      expect((await ask('/api/x')).status).toBe(401);
      application.signal('SIGTERM');
      expect(await application.ended, application.output()).toBe(0);
    } finally {
      application.signal('SIGKILL');
      await application.ended;
    }
  });
});
