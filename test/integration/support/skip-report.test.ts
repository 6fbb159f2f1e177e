import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test, vi } from 'vitest';
import { noRedis } from '../../support/redis/choose-redis.ts';

// Each test is a complete run of the test runner.
vi.setConfig({ testTimeout: 60_000 });

/** Runs one of the files under `fixtures` without an available Redis, and returns the output of the run. */
async function runFixture(name: string): Promise<string> {
  const { TEST_REDIS_URL: _, FORCE_COLOR: __, ...env } = process.env;
  const config = 'test/support/fixtures/vitest.config.ts';
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--config', config, name],
    { env: { ...env, TEST_REDIS_FROM: 'none', NO_COLOR: '1' } },
  );
  return stdout;
}

test('a run without Redis skips the tests that need it and lists each with its reason', async () => {
  const printed = await runFixture('skips.fixture');
  expect(printed).toContain(`Redis for tests: none (${noRedis})`);
  expect(printed).toContain('1 passed | 5 skipped (6)');
  expect(printed).toContain(
    [
      'Skipped: 5',
      `  ${noRedis}`,
      '    skips.fixture.ts > asks in the test',
      '    skips.fixture.ts > asks in beforeEach > first',
      '    skips.fixture.ts > asks in beforeAll > first',
      '    skips.fixture.ts > asks in beforeAll > inside > second',
      '  no reason given',
      '    skips.fixture.ts > by hand',
      '',
    ].join('\n'),
  );
});

test('a run without skips reports that, and looks for no Redis', async () => {
  const printed = await runFixture('none.fixture');
  expect(printed).toContain('Skipped: none');
  expect(printed).not.toContain('Redis');
});
