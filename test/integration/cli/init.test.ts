/** `rolegate init`: from a service's address to a gateway that allows a user, with the commands that it prints. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { freePort } from '../../support/free-port.ts';
import { blocksOf } from '../../support/markdown-page.ts';
import { startOpenidProvider, webSecret } from '../../support/openid-provider.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { main, rolegateIn } from '../../support/rolegate-in.ts';
import { runCommand } from '../../support/running-command.ts';
import { looksLike, stepsOf } from '../../support/transcript.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'rolegate-init-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

const rolegate = (...args: string[]) => rolegateIn(folder, ...args);

test('the printed commands lead to a user who is allowed', async () => {
  const upstream = await startRecordingUpstream();
  const { status, stdout } = rolegate('init', `http://127.0.0.1:${upstream.port}/`);
  expect(status).toBe(0);
  const commands = [...stdout.matchAll(/^ {2}(?:TOKEN=\$\()?rolegate ([^)\n]+)/gm)].map(([, args]) => args!.split(' '));
  expect(commands.map(([first, second]) => [first, second])).toEqual([
    ['validate', 'gateway.yaml'],
    ['auth-api', 'create-admin'],
    ['serve', '-c'],
    ['auth-api', 'login'],
  ]);
  const [validate, createAdmin, serve, login] = commands as [string[], string[], string[], string[]];
  expect(rolegate(...validate, '--strict')).toMatchObject({ status: 0, stderr: '' });
  const created = rolegate(...createAdmin);
  expect(created).toMatchObject({ status: 0, stderr: '' });
  expect(created.stdout).toMatch(/, roles user, users_admin\)$/m);

  const file = join(folder, 'gateway.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('":8080"', '"127.0.0.1:0"').replace(':9090', ':0'));
  const gateway = runCommand(process.execPath, [main, ...serve], {}, { cwd: folder });
  try {
    const [, started] = await gateway.see(/^(\{.*"msg":"started".*\})$/m);
    const origin = `http://127.0.0.1:${JSON.parse(started!).listen.port}`;
    const token = rolegate(...login).stdout.trim();
    const get = (path: string, headers: Record<string, string> = {}) => fetch(`${origin}${path}`, { headers });
    expect((await get('/', { authorization: 'Bearer made-up' })).status).toBe(401);
    // Without the credential the first one shows the refusal; the others succeed.
    const requests = [
      ...stdout.matchAll(/^ {2}curl -i http:\/\/localhost:8080(\S+)( -H "authorization: Bearer \$TOKEN")?$/gm),
    ];
    const statuses = requests.map(async ([, path, withToken]) => {
      const answer = await get(path!, withToken === undefined ? {} : { authorization: `Bearer ${token}` });
      return [path, answer.status];
    });
    expect(await Promise.all(statuses)).toEqual([
      ['/', 401],
      ['/', 200],
      ['/admin/', 200],
    ]);
  } finally {
    gateway.signal('SIGTERM');
    await gateway.ended;
    await upstream.close();
  }
});

test('prints what the README shows, and more', () => {
  const blocks = blocksOf(readFileSync('README.md', 'utf8').replaceAll('npm run -s rolegate --', 'rolegate'));
  const { text } = blocks.find(({ text: one }) => one.startsWith('$ rolegate init'))!;
  const { command, shown } = stepsOf(text)[0]!;
  const lines = shown.split('\n');
  expect(lines.pop()).toBe('…');
  const { stdout } = rolegate(...command.trim().split(' ').slice(1));
  const printed = stdout.split('\n').slice(0, lines.length).join('\n');
  if (!looksLike(lines.join('\n'), printed)) expect(printed).toBe(lines.join('\n'));
});

test('the secret is in a separate file, readable only by its owner, and differs each time', () => {
  rolegate('init', 'http://127.0.0.1:3000');
  expect(readdirSync(folder).sort()).toEqual(['gateway.yaml', 'rolegate.secret']);
  const secret = readFileSync(join(folder, 'rolegate.secret'), 'utf8');
  expect(secret).toMatch(/^[0-9a-f]{64}\n$/);
  expect(statSync(join(folder, 'rolegate.secret')).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(folder, 'gateway.yaml'), 'utf8')).not.toContain(secret.trim());
  rmSync(join(folder, 'rolegate.secret'));
  rmSync(join(folder, 'gateway.yaml'));
  rolegate('init', 'http://127.0.0.1:3000');
  expect(readFileSync(join(folder, 'rolegate.secret'), 'utf8')).not.toBe(secret);
});

test('overwrites neither a configuration nor the secret of a database that may exist', () => {
  writeFileSync(join(folder, 'gateway.yaml'), 'mine');
  expect(rolegate('init', 'http://127.0.0.1:3000')).toMatchObject({
    status: 1,
    stderr: 'gateway.yaml already exists; nothing was written\n',
  });
  expect(readdirSync(folder)).toEqual(['gateway.yaml']);
  expect(readFileSync(join(folder, 'gateway.yaml'), 'utf8')).toBe('mine');

  writeFileSync(join(folder, 'rolegate.secret'), 'kept');
  expect(rolegate('init', 'http://127.0.0.1:3000', '--config', 'other.yaml').status).toBe(0);
  expect(readFileSync(join(folder, 'rolegate.secret'), 'utf8')).toBe('kept');
});

test.each(['127.0.0.1:3000', 'ftp://127.0.0.1', 'http://127.0.0.1:3000/app', 'http://u:hidden-word@127.0.0.1', 'x"y'])(
  'refuses %s and writes nothing',
  (url) => {
    const { status, stderr } = rolegate('init', url);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^expected the URL of the service .*\n$/);
    expect(stderr).not.toContain('hidden-word');
    expect(readdirSync(folder)).toEqual([]);
  },
);

test('in a clone, the printed commands are those of the clone', () => {
  const { stdout } = spawnSync(process.execPath, [main, 'init', 'http://127.0.0.1:3000'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, npm_lifecycle_event: 'rolegate' },
  });
  expect(stdout.match(/^ .*rolegate (?:-- )?(?:validate|serve|auth-api).*$/gm)).toHaveLength(4);
  expect(stdout).not.toMatch(/^ {2}rolegate /m);
});

describe('for users of an OpenID provider', () => {
  const withIssuer = (issuer: string, ...more: string[]) => {
    const args = [main, 'init', 'http://127.0.0.1:3000', '--issuer', issuer, ...more];
    return runCommand(process.execPath, args, { NO_COLOR: '1' }, { cwd: folder });
  };
  const client = ['--client-id', 'web', '--client-secret', webSecret];

  test('one command leads to a page behind the sign-in', async () => {
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const openid = await startOpenidProvider({}, { redirect_uris: [`${origin}/.rolegate/callback/main`] });
    const upstream = await startRecordingUpstream();
    const args = ['init', upstream.origin, '--issuer', openid.issuer, ...client, '--origin', origin];
    const written = runCommand(process.execPath, [main, ...args], { NO_COLOR: '1' }, { cwd: folder });
    expect(await written.ended).toBe(0);
    const stdout = written.output();
    expect(stdout).toContain(`\n  ${origin}/.rolegate/callback/main\n  ${origin}/.rolegate/signed-out\n`);
    expect(stdout).not.toContain(webSecret);
    expect(readdirSync(folder).sort()).toEqual(['gateway.yaml', 'rolegate.client-secret', 'rolegate.secret']);
    const file = join(folder, 'gateway.yaml');
    expect(readFileSync(file, 'utf8')).not.toContain(webSecret);
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect(rolegate('validate', 'gateway.yaml', '--strict')).toMatchObject({ status: 0, stderr: '' });
    writeFileSync(file, readFileSync(file, 'utf8').replace(':9090', ':0'));
    const gateway = runCommand(process.execPath, [main, 'serve', '-c', 'gateway.yaml'], {}, { cwd: folder });
    try {
      await gateway.see(/^(\{.*"msg":"started".*\})$/m);
      const seen = await new CookieBrowser().visit(`${origin}/page`);
      expect([seen.status, seen.text, seen.url]).toEqual([200, 'upstream', `${origin}/page`]);
    } finally {
      gateway.signal('SIGTERM');
      await gateway.ended;
      await upstream.close();
      await openid.close();
    }
  });

  /** In a terminal of its own; types each line when its prompt is there. Resolves with what the terminal shows. */
  async function inTerminal(typed: readonly (readonly [prompt: string, line: string])[]): Promise<string> {
    const command = `"${process.execPath}" "${main}" init http://127.0.0.1:3000 --issuer`;
    const terminal = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let shown = '';
    const left = [...typed];
    terminal.stdout.on('data', (bytes: Buffer) => {
      shown += String(bytes);
      // What is erased after the prompt is not seen.
      const [prompt, line] = left[0] ?? [];
      const visible = shown.slice(shown.lastIndexOf('\u001b[0J') + 1);
      if (prompt === undefined || !visible.includes(prompt)) return;
      left.shift();
      terminal.stdin.write(line!);
    });
    await new Promise((resolve) => terminal.once('close', resolve));
    return shown;
  }

  test('in a terminal, what is missing is read there, and the secret is not shown', async ({ skip }) => {
    if (spawnSync('script', ['--version']).error !== undefined) return skip('no script, which opens a terminal');
    const openid = await startOpenidProvider({});
    const shown = await inTerminal([
      ['Issuer of the provider: ', `${openid.issuer}\r`],
      ['Client id: ', 'web\r'],
      ['Client secret: ', `${webSecret}\r`],
    ]);
    await openid.close();
    expect(shown).toContain('wrote gateway.yaml');
    expect(shown).not.toContain(webSecret);
    expect(readFileSync(join(folder, 'rolegate.client-secret'), 'utf8')).toBe(`${webSecret}\n`);
  });

  test('Ctrl-C in a terminal writes nothing', async ({ skip }) => {
    if (spawnSync('script', ['--version']).error !== undefined) return skip('no script, which opens a terminal');
    expect(await inTerminal([['Issuer of the provider: ', 'x\u0003']])).toContain('nothing was written');
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each<[string, (issuer: string) => readonly string[], number, RegExp]>([
    [
      'a provider that is away',
      () => ['http://127.0.0.1:1', ...client],
      1,
      /does not respond: .*; nothing was written/,
    ],
    ['an issuer that it is not', (it) => [`${it}/other`, ...client], 1, /is not the issuer of an OpenID provider/],
    [
      'a wrong secret',
      (it) => [it, '--client-id', 'web', '--client-secret', 'wrong'],
      1,
      /rejects this client: invalid_client/,
    ],
    [
      'an unknown client',
      (it) => [it, '--client-id', 'other', '--client-secret', 'x'],
      1,
      /rejects this client: invalid_client/,
    ],
    [
      'an origin without TLS',
      (it) => [it, ...client, '--origin', 'http://app.example.com'],
      2,
      /expected an https origin/,
    ],
    ['an origin without a scheme', (it) => [it, ...client, '--origin', 'app.example.com'], 2, /expected an origin/],
    ['no client id, without a terminal', (it) => [it], 2, /--client-id is missing/],
  ])('%s is explained, and nothing is written', async (_, args, code, message) => {
    const openid = await startOpenidProvider({});
    const [issuer, ...more] = args(openid.issuer);
    const command = withIssuer(issuer!, ...more);
    const ended = await command.ended;
    await openid.close();
    expect(ended).toBe(code);
    expect(command.output()).toMatch(message);
    expect(command.output()).not.toContain(webSecret);
    expect(readdirSync(folder)).toEqual([]);
  });
});
