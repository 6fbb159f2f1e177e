/** Two projects: `fast`, which `npm test` runs, and `slow`: whole processes and large transfers. */
import { defineConfig, type TestUserConfig } from 'vitest/config';

const shared: TestUserConfig = {
  environment: 'node',
  pool: 'forks',
  setupFiles: ['test/support/skip-here.ts'],
  hookTimeout: 30_000,
  restoreMocks: true,
  unstubEnvs: true,
};

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
          exclude: ['test/e2e/**'],
          testTimeout: 10_000,
        },
      },
      { test: { ...shared, name: 'slow', include: ['test/e2e/**/*.test.ts'], testTimeout: 180_000 } },
    ],
  },
});
