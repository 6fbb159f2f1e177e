/** The conformance suite against the Auth API in this process. */
import { describe, expect, it } from 'vitest';
import { allOperations } from '../../../src/auth-api/operations/all-operations.ts';
import { readCases } from './conformance-case.ts';
import { runCase } from './run-case.ts';
import { startInProcess } from './start-in-process.ts';

const files = readCases();

for (const [file, cases] of files) {
  describe(file, () => {
    for (const item of cases) {
      it(item.name, async () => {
        const target = await startInProcess(item.settings);
        try {
          await runCase(item, target);
        } finally {
          await target.close();
        }
      });
    }
  });
}

describe('the suite', () => {
  const requests = [...files.values()].flat().flatMap((item) => item.steps.filter((step) => 'request' in step));

  it.each(allOperations.flatMap((operation) => operation.paths.map((path) => [operation.method, path] as const)))(
    'has a success of %s %s',
    (method, path) => {
      const pattern = new RegExp(`^${method} ${path.replaceAll(/\{\w+\}/g, '[^/?]+')}(\\?.*)?$`);
      const successes = requests.filter((step) => pattern.test(step.request) && step.expect.status < 300);
      expect(successes.length).toBeGreaterThan(0);
    },
  );
});
