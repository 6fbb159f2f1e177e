import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { noPostgres } from '../../support/postgres/choose-postgres.ts';
import { usePostgres } from '../../support/postgres.ts';

test('each database is new and separate from the others', async () => {
  const [first, second] = [await usePostgres(), await usePostgres()];
  onTestFinished(async () => {
    await Promise.all([first.dispose(), second.dispose()]);
  });
  await first.query('create table a (b int)');
  await first.query('insert into a values (1)');
  expect(await first.query('select b from a')).toEqual([{ b: 1 }]);
  await expect(second.query('select b from a')).rejects.toThrow('does not exist');
  await first.empty();
  await expect(first.query('select b from a')).rejects.toThrow('does not exist');
}, 60_000);

test('a database is dropped after disposal', async () => {
  const database = await usePostgres();
  await database.dispose();
  await expect(database.query('select 1')).rejects.toThrow('does not exist');
}, 60_000);

test('a run without PostgreSQL skips the tests that need it, with the reason', async () => {
  const { TEST_POSTGRES_URL: _, FORCE_COLOR: __, ...env } = process.env;
  const config = 'test/support/fixtures/vitest.config.ts';
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--config', config, 'postgres.fixture'],
    { env: { ...env, TEST_POSTGRES_FROM: 'none', NO_COLOR: '1' } },
  );
  expect(stdout).toContain(`PostgreSQL for tests: none (${noPostgres})`);
  expect(stdout).toContain('1 passed | 1 skipped (2)');
  expect(stdout).toContain(`  ${noPostgres}\n    postgres.fixture.ts > asks in beforeAll > first\n`);
}, 60_000);
