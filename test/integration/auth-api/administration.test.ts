/** `rolegate auth-api create-admin` and `import`: what they write, print and return to the shell. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { createAuthApi } from '../../../src/auth-api/create-auth-api.ts';
import { openStore } from '../../../src/auth-api/store/open-store.ts';
import type { UserEntry } from '../../../src/auth-api/store/user-store.ts';
import { parseUsers } from '../../../src/cli/auth-api/users-file.ts';
import { readSettings } from '../../../src/cli/auth-api/with-auth-api.ts';
import { type ConfigFolder, createConfigFolder } from '../../support/config-folder.ts';
import { runRolegate } from '../../support/running-command.ts';

let folder: ConfigFolder;
let standalone: string;
let gateway: string;

beforeEach(() => {
  folder = createConfigFolder();
  const marker = folder.write('marker', '');
  const keys = `database: "file:${join(marker, '..', 'auth.db')}"\nsecret: a secret for these tests, long enough\n`;
  standalone = folder.write('auth-api.yaml', `listen: 127.0.0.1:0\n${keys}`);
  gateway = folder.write(
    'gateway.yaml',
    `version: 1\nauthApi:\n  embedded:\n    ${keys.trim().replace('\n', '\n    ')}\nroutes:\n  - { id: auth, match: { path: "/**" }, upstream: auth-api, access: public }\n`,
  );
});

afterEach(() => folder.remove());

async function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  const command = runRolegate(['auth-api', ...args]);
  const code = await command.ended;
  return { code, output: command.output() };
}

/** The user in the database; null: none with this address. */
async function userOf(email: string): Promise<UserEntry | null> {
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const api = await createAuthApi({ settings: readSettings(standalone), log });
  const userId = await api.findUser(email);
  const user = userId === null ? null : await api.readUser(userId);
  await api.close();
  return user;
}

const email = 'ann@example.test';

describe('create-admin', () => {
  it('creates an administrator, and does nothing when repeated', async () => {
    const made = await run('create-admin', '--config', standalone, '--email', email);
    expect(made).toEqual({
      code: 0,
      output: expect.stringMatching(
        /^created the administrator ann@example\.test \(user [0-9a-f-]{36}, alias ann, roles user, users_admin\)\n$/,
      ),
    });
    expect(await userOf(email)).toMatchObject({ roles: ['user', 'users_admin'], groups: ['public'], verified: true });
    const again = await run('create-admin', '--config', standalone, '--email', 'ANN@example.test');
    expect(again.code).toBe(0);
    expect(again.output).toMatch(/^nothing to do: .* is an administrator\n$/);
  });

  it('gives the role to an existing user, with either of the two files', async () => {
    const users = folder.write('users.yaml', `users: [{ email: ${email}, fullName: Ann, alias: ann }]`);
    expect((await run('import', '-c', gateway, '-f', users)).code).toBe(0);
    // The option may come before the command, too.
    const given = await run('-c', gateway, 'create-admin', '--email', email);
    expect(given).toEqual({ code: 0, output: expect.stringMatching(/^gave users_admin to ann@example\.test /) });
    expect((await userOf(email))?.roles).toEqual(['user', 'users_admin']);
  });

  it('prints a link that adds a passkey, if the pages of the file offer passkeys', async () => {
    const origin = 'http://localhost:8080';
    const pages = folder.write(
      'pages.yaml',
      `${readFileSync(gateway, 'utf8')
        .replace(
          'routes:',
          `signIn: { origin: "${origin}" }\ncache: { secret: a secret of the gateway with 32 characters }\nroutes:`,
        )
        .replace(
          '    secret:',
          `    revealUnknownEmail: false\n    passkeys: { origin: "${origin}", name: Example }\n    secret:`,
        )}`,
    );
    const links = [];
    for (const start of ['created the administrator ', 'nothing to do: ']) {
      const made = await run('create-admin', '-c', pages, '-e', email);
      expect(made).toEqual({ code: 0, output: expect.stringContaining(start) });
      const [link = ''] = /^http:\/\/localhost:8080\/\.rolegate\/link\?link=[\w.-]{80}$/m.exec(made.output) ?? [];
      expect(link).not.toBe('');
      links.push(link);
    }
    expect(new Set(links).size).toBe(2);
  });

  it('accepts name and alias, and reports a taken alias', async () => {
    const names = ['--full-name', 'Ann Example', '--alias', 'boss'];
    expect((await run('create-admin', '-c', standalone, '-e', email, ...names)).code).toBe(0);
    const taken = await run('create-admin', '-c', standalone, '-e', 'other@example.test', '--alias', 'BOSS');
    expect(taken).toEqual({ code: 1, output: 'the alias "BOSS" is taken: choose another one with --alias\n' });
    expect(await userOf('other@example.test')).toBeNull();
  });

  test.each([
    ['no address', () => ['create-admin', '-c', standalone], 2, /required option/],
    ['an invalid address', () => ['create-admin', '-c', standalone, '-e', 'ann'], 2, /^not valid: --email\n$/],
    [
      'an empty alias',
      () => ['create-admin', '-c', standalone, '-e', email, '--alias', ''],
      2,
      /^not valid: --alias\n$/,
    ],
    ['a missing file', () => ['create-admin', '-c', 'nowhere.yaml', '-e', email], 1, /does not exist/],
    [
      'a file with a problem',
      () => ['create-admin', '-c', folder.write('bad.yaml', 'secret: short'), '-e', email],
      1,
      /problem/,
    ],
    [
      'a gateway before an Auth API elsewhere',
      () => {
        const text =
          'version: 1\nauthApi: { url: "http://127.0.0.1:1" }\nroutes: [{ id: a, match: { path: / }, upstream: auth-api, access: public }]';
        return ['create-admin', '-c', folder.write('remote.yaml', text), '-e', email];
      },
      1,
      /uses an external Auth API/,
    ],
    [
      'a database in memory',
      () => {
        const text = 'database: ":memory:"\nsecret: a secret for these tests, long enough';
        return ['create-admin', '-c', folder.write('memory.yaml', text), '-e', email];
      },
      1,
      /in memory/,
    ],
  ] as const)('refuses %s', async (_, args, code, output) => {
    const result = await run(...args());
    expect(result.code).toBe(code);
    expect(result.output).toMatch(output);
  });
});

describe('login', () => {
  it('prints a working bearer of a user, with either of the two files', async () => {
    await run('create-admin', '-c', standalone, '-e', email);
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    const api = await createAuthApi({ settings: readSettings(standalone), log });
    const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
    try {
      for (const file of [standalone, gateway]) {
        const { code, output } = await run('login', '-c', file, 'ANN@example.test');
        expect(output).toMatch(/^[A-Za-z0-9]{64}\n$/);
        expect(code).toBe(0);
        const headers = { authorization: `Bearer ${output.trim()}` };
        const answer = await fetch(`http://127.0.0.1:${port}/api/auth/v2/session`, { headers });
        expect(await answer.json()).toMatchObject({ alias: 'ann', verified: true });
      }
    } finally {
      await api.close();
    }
  });

  it('explains what to do about an unknown or disabled user', async () => {
    const unknown = await run('login', '-c', standalone, email);
    expect(unknown).toEqual({
      code: 1,
      output: expect.stringMatching(/^no user has .*ann@example\.test.*create-admin/),
    });
    await run('create-admin', '-c', standalone, '-e', email);
    const store = await openStore(readSettings(standalone).database);
    await store.users.setEnabled((await store.users.findIdByEmail(email))!, false);
    await store.close();
    const disabled = await run('login', '-c', standalone, email);
    expect(disabled).toEqual({ code: 1, output: expect.stringContaining('ann@example.test is disabled') });
  });
});

const users = `users:
  - email: ann@example.test
    fullName: Ann Example
    alias: ann
    roles: [user, reporter]
    groups: [public, acme]
  - { email: bob@example.test, fullName: Bob Example, alias: bob }
`;

describe('import', () => {
  it('creates users once, then adds only what they lack and removes nothing', async () => {
    const file = folder.write('users.yaml', users);
    expect(await run('import', '-c', standalone, '-f', file)).toEqual({
      code: 0,
      output: 'created ann@example.test\ncreated bob@example.test\n2 created, 0 changed, 0 unchanged, 0 not imported\n',
    });
    expect(await userOf('ann@example.test')).toMatchObject({ roles: ['reporter', 'user'], groups: ['acme', 'public'] });
    expect(await userOf('bob@example.test')).toMatchObject({ roles: ['user'], groups: ['public'] });
    expect(await run('import', '-c', standalone, '-f', file)).toEqual({
      code: 0,
      output: '0 created, 0 changed, 2 unchanged, 0 not imported\n',
    });
    const more = folder.write(
      'more.yaml',
      'users: [{ email: Bob@Example.test, fullName: Other, alias: other, roles: [trusted, user], groups: [acme] }]',
    );
    expect((await run('import', '-c', standalone, '-f', more)).output).toBe(
      'changed Bob@Example.test: roles trusted; groups acme\n0 created, 1 changed, 0 unchanged, 0 not imported\n',
    );
    expect(await userOf('bob@example.test')).toMatchObject({ roles: ['trusted', 'user'], groups: ['acme', 'public'] });
  });

  it('writes nothing in a dry run, and predicts the same result', async () => {
    const file = folder.write('users.yaml', users);
    const foreseen = await run('import', '-c', standalone, '-f', file, '--dry-run');
    expect(foreseen).toEqual({
      code: 0,
      output:
        'created ann@example.test\ncreated bob@example.test\ndry run, nothing was written: 2 created, 0 changed, 0 unchanged, 0 not imported\n',
    });
    expect(await userOf('ann@example.test')).toBeNull();
  });

  it('skips only users that cannot be imported, and reports their lines', async () => {
    await run('create-admin', '-c', standalone, '-e', email);
    const text = `users:
  - { email: other@example.test, fullName: Other, alias: ANN }
  - { email: bob@example.test, fullName: Bob, alias: bob }
`;
    const file = folder.write('users.yaml', text);
    for (const [dry, summary] of [
      [['--dry-run'], 'dry run, nothing was written: 1 created'],
      [[], '1 created'],
    ] as const) {
      const { code, output } = await run('import', '-c', standalone, '-f', file, ...dry);
      expect(code).toBe(1);
      expect(output).toContain(`${file}:2 other@example.test: the alias belongs to another account\n`);
      expect(output).toContain(`${summary}, 0 changed, 0 unchanged, 1 not imported\n`);
    }
    expect(await userOf('bob@example.test')).not.toBeNull();
  });

  it('reports every problem of a file at once, and writes nothing', async () => {
    const file = folder.write(
      'users.yaml',
      `${users}  - { email: nobody, alias: "a\\tb", roles: ["a,b"], rolle: x }\n`,
    );
    const { code, output } = await run('import', '-c', standalone, '-f', file);
    expect(code).toBe(1);
    expect(output).toContain('5 problems');
    expect(await userOf('bob@example.test')).toBeNull();
  });
});

describe('problems of a file of users', () => {
  const lineOf = (entry: string) => `users:\n  - { email: a@example.test, fullName: A, alias: a }\n  - ${entry}\n`;

  test.each([
    ['nothing', '', 1, 'the file is empty'],
    ['another key', 'user: []', 1, 'unknown key "user"'],
    ['not a list', 'users: 7', 1, 'expected a list'],
    ['a missing key', lineOf('{ email: b@example.test, alias: b }'), 3, 'the key "fullName" is missing'],
    ['an invalid address', lineOf('{ email: b, fullName: B, alias: b }'), 3, 'expected an e-mail address'],
    [
      'a repeated address',
      lineOf('{ email: A@example.test, fullName: B, alias: b }'),
      3,
      'the user in line 2 already has this email',
    ],
    [
      'a repeated alias',
      lineOf('{ email: b@example.test, fullName: B, alias: A }'),
      3,
      'the user in line 2 already has this alias',
    ],
    [
      'an invalid role',
      lineOf('{ email: b@example.test, fullName: B, alias: b, roles: ["x y"] }'),
      3,
      'expected a name of letters',
    ],
    [
      'groups that are not a list',
      lineOf('{ email: b@example.test, fullName: B, alias: b, groups: x }'),
      3,
      'expected a list',
    ],
    [
      'a variable',
      lineOf(`{ email: b@example.test, fullName: "\${HOME}", alias: b }`),
      3,
      'the environment variable HOME is not set',
    ],
  ])('%s', (_, text, line, message) => {
    const read = parseUsers(text, 'users.yaml');
    if (read.ok) throw new Error('no problem was found');
    expect(read.problems.map((problem) => [problem.line, problem.message])).toContainEqual([
      line,
      expect.stringContaining(message),
    ]);
  });

  it('control: no problems; roles and groups have defaults, and each user has its line', () => {
    expect(parseUsers(users, 'users.yaml')).toMatchObject({
      ok: true,
      users: [
        { email: 'ann@example.test', roles: ['user', 'reporter'], line: 2 },
        { email: 'bob@example.test', roles: ['user'], groups: ['public'], line: 7 },
      ],
    });
  });
});
