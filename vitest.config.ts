/**
 * Five projects: `fast`, which `npm test` runs, needs nothing but the install; `wire` opens sockets on loopback; `slow` is whole
 * processes, large transfers, failovers, Helm and properties in full; `built` plays the attacks once more, on the built program. `long`,
 * which `.ci/run` does not run, is what takes too long for every change.
 */
import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig, type TestUserConfig } from 'vitest/config';

/** Processes that tests start compile the program once, as the package scripts have it. */
const env = { NODE_COMPILE_CACHE: resolve('node_modules/.cache/rolegate/code') };

const shared: TestUserConfig = {
  environment: 'node',
  pool: 'forks',
  setupFiles: ['test/support/skip-here.ts', 'test/support/patient-waits.ts'],
  hookTimeout: 30_000,
  // As `test/support/patient-waits.ts` has it for `vi.waitFor`.
  expect: { poll: { timeout: 10_000 } },
  restoreMocks: true,
  unstubEnvs: true,
  env,
};

const inFolders = (...names: string[]) => names.map((name) => `test/${name}/**/*.test.ts`);

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
          include: [
            ...inFolders('unit', 'contract', 'architecture'),
            ...['test/property/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'],
          ],
          // These tests leave nothing behind, and loading modules anew for each file would take half of the time.
          isolate: false,
          // A fifth of the runs of properties; the slow tests make all of them.
          env: { ...env, PROPERTY_FACTOR: process.env['PROPERTY_FACTOR'] ?? '0.2' },
          // Only what hangs takes this long, on a busy machine too.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'wire',
          include: inFolders('integration', 'security', 'conformance'),
          // They wait for timers and other processes more than they compute.
          maxWorkers: 3,
          // Vitest runs projects with other numbers of workers apart.
          sequence: { groupOrder: 1 },
          testTimeout: 30_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'slow',
          include: [...inFolders('e2e', 'chart'), 'test/property/*.test.ts'],
          testTimeout: 180_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'long',
          include: [...inFolders('property/long', 'long'), 'test/e2e/envoy-connection-age.test.ts'],
          env: { ...env, CHECKS: process.env['CHECKS'] ?? '60000' },
          testTimeout: 180_000,
        },
      },
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
