/**
 * Three projects: `fast`, which `npm test` runs; `slow`: whole processes, large transfers, failovers, many runs, Helm; and
 * `built`: attacks once more, on the built program.
 */
import { globSync, readFileSync } from 'node:fs';
import { defineConfig, type TestUserConfig } from 'vitest/config';

const shared: TestUserConfig = {
  environment: 'node',
  pool: 'forks',
  setupFiles: ['test/support/skip-here.ts', 'test/support/patient-waits.ts'],
  hookTimeout: 30_000,
  restoreMocks: true,
  unstubEnvs: true,
};

/** Sentinels take their time to agree, and a property is worth what it was tried on. */
const slow = [
  'test/e2e/**/*.test.ts',
  'test/property/**/*.test.ts',
  'test/chart/**/*.test.ts',
  'test/integration/redis/{cluster,sentinel}.test.ts',
  'test/integration/revocation/topologies.test.ts',
  'test/support/redis-topologies.test.ts',
];

/** The tables of attacks, which can be played against any gateway. */
const attacks = globSync('test/security/*.test.ts').filter((file) =>
  /\b(?:attackSuite|startWorld)\(/.test(readFileSync(file, 'utf8')),
);

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    maxWorkers: 2,
    allowOnly: false,
    reporters: ['default', 'json', './test/support/skip-report.ts'],
    outputFile: { json: 'node_modules/.cache/rolegate/test-results.json' },
    projects: [
      {
        test: {
          ...shared,
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: slow,
          // Only what hangs takes this long, on a busy machine too.
          testTimeout: 30_000,
        },
      },
      { test: { ...shared, name: 'slow', include: slow, testTimeout: 180_000 } },
      {
        test: {
          ...shared,
          name: 'built',
          include: attacks,
          globalSetup: ['test/support/built-program.ts'],
          testTimeout: 20_000,
        },
      },
    ],
  },
});
