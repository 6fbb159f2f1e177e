/** Every step of docs/guides/backup-and-upgrade.md, with SQLite and with PostgreSQL. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { blocksOf } from '../support/markdown-page.ts';
import { usePostgres } from '../support/postgres.ts';
import { runCommand } from '../support/running-command.ts';
import { skipHere } from '../support/skip-here.ts';

const blocks = blocksOf(readFileSync('docs/guides/backup-and-upgrade.md', 'utf8'));
const stepsOf = (kind: 'sh sqlite' | 'sh postgres') =>
  blocks.filter(({ language, info }) => `${language} ${info}` === kind).map(({ text }) => text);
const secret = '0123456789abcdef0123456789abcdef';

interface Place {
  readonly folder: string;
  /** Runs lines of the page in the folder; `rolegate` is this one. */
  run(lines: string): string;
  admin(email: string): void;
  /** The Auth API of the folder, as a process. */
  serve(): ReturnType<typeof runCommand>;
}

function place(database: string): Place {
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-backup-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const shown = blocks.find(({ info }) => info === 'auth-api-file')!.text;
  const config = shown.replace('database: auth.db', `database: "${database}"`).replace(':8081', ':0');
  writeFileSync(join(folder, 'auth-api.yaml'), config);
  const env = { AUTH_API_SECRET: secret, DATABASE_URL: database };
  const main = resolve('src/main.ts');
  const rolegate = `rolegate() { '${process.execPath}' '${main}' "$@"; }\nset -e\n`;
  const run = (lines: string) => {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', rolegate + lines], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
    expect([lines, status, stderr]).toEqual([lines, 0, expect.any(String)]);
    return stdout;
  };
  return {
    folder,
    run,
    admin: (email) => void run(`rolegate auth-api create-admin --config auth-api.yaml --email ${email}`),
    serve: () => runCommand(process.execPath, [main, 'auth-api', '--config', 'auth-api.yaml'], env, { cwd: folder }),
  };
}

const here = (program: string) => spawnSync(program, ['--version']).error === undefined;

describe('SQLite', () => {
  test('a backup of a running Auth API is restored; meanwhile no second one serves the file', async () => {
    if (!here('sqlite3')) skipHere('no sqlite3 (Debian: apt-get install sqlite3)');
    const { run, admin, serve } = place('auth.db');
    const users = () => run('sqlite3 auth.db "select address from emails order by 1"').trim().split('\n');
    admin('ann@example.test');
    const [backup = '', restore = ''] = stepsOf('sh sqlite');
    const first = serve();
    await first.see(/Auth API started/);
    const second = serve();
    expect(await second.ended).not.toBe(0);
    expect(second.output()).toContain('rolegate: another process serves the database auth.db: stop it');
    expect(run(backup)).toBe('ok\n');
    admin('bob@example.test');
    first.signal('SIGTERM');
    expect(await first.ended).toBe(0);
    expect(users()).toEqual(['ann@example.test', 'bob@example.test']);
    run(restore);
    expect(users()).toEqual(['ann@example.test']);
    const again = serve();
    await again.see(/Auth API started/);
    again.signal('SIGTERM');
    expect(await again.ended).toBe(0);
  });

  test('an older version does not start on newer tables, and does on the backup', async () => {
    if (!here('sqlite3')) skipHere('no sqlite3 (Debian: apt-get install sqlite3)');
    const { run, admin, serve } = place('auth.db');
    admin('ann@example.test');
    const [backup = '', restore = ''] = stepsOf('sh sqlite');
    run(backup);
    run(`sqlite3 auth.db "insert into kysely_migration values ('9999-newer', '2030-01-01T00:00:00.000Z')"`);
    const older = serve();
    expect(await older.ended).not.toBe(0);
    expect(older.output()).toContain('the database could not be brought to the current version');
    run(restore);
    const again = serve();
    await again.see(/Auth API started/);
    again.signal('SIGTERM');
    await again.ended;
  });
});

describe('PostgreSQL', () => {
  test('a backup is restored', async () => {
    const database = await usePostgres();
    onTestFinished(() => database.dispose());
    const [{ server_version: server = '' } = {}] = await database.query<{ server_version: string }>(
      'show server_version',
    );
    const dump = spawnSync('pg_dump', ['--version'], { encoding: 'utf8' });
    const [, tool = '0'] = /(\d+)/.exec(dump.stdout ?? '') ?? [];
    if (Number(tool) < Number.parseInt(server, 10)) skipHere(`no pg_dump for the server's version ${server}`);
    const { run, admin } = place(database.url);
    const users = async () =>
      (await database.query<{ address: string }>('select address from emails order by 1')).map(
        ({ address }) => address,
      );
    admin('ann@example.test');
    const [backup = '', restore = ''] = stepsOf('sh postgres');
    run(backup);
    admin('bob@example.test');
    expect(await users()).toEqual(['ann@example.test', 'bob@example.test']);
    run(restore);
    expect(await users()).toEqual(['ann@example.test']);
    run('rolegate doctor --config auth-api.yaml');
  });
});
