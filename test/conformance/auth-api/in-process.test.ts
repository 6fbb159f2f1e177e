/** The conformance suite against the Auth API in this process. */
import { describe, expect, it } from 'vitest';
import { ownRefusalsOf } from '../../../src/auth-api/describe-api.ts';
import { allOperations } from '../../../src/auth-api/operations/all-operations.ts';
import { createLinkSession } from '../../../src/auth-api/operations/one-time-links.ts';
import { type RequestStep, readCases } from './conformance-case.ts';
import { operationOf } from './described-responses.ts';
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

/** Only with "recentSignIn", which the suite does not set: `test/integration/auth-api/recent-sign-in.test.ts`. */
const ofASetting = 'sign_in_too_old';

/** No operation makes a link: `test/integration/sign-in/one-time-links.test.ts`. */
const ofACommand = createLinkSession;

describe('the suite', () => {
  const requests = [...files.values()].flat().flatMap((item) => item.steps.filter((step) => 'request' in step));
  const codesOf = (name: string) =>
    new Set(requests.filter((step) => nameOf(step) === name).map(({ expect: { code } }) => code));

  const shownHere = allOperations.filter((operation) => operation !== ofACommand);
  it.each(shownHere.flatMap((operation) => operation.paths.map((path) => [operation.method, path] as const)))(
    'covers a success of %s %s',
    (method, path) => {
      const pattern = new RegExp(`^${method} ${path.replaceAll(/\{\w+\}/g, '[^/?]+')}(\\?.*)?$`);
      const successes = requests.filter((step) => pattern.test(step.request) && step.expect.status < 300);
      expect(successes.length).toBeGreaterThan(0);
    },
  );

  it.each(allOperations.map((operation) => [operation.name, operation] as const))(
    'covers every refusal of %s',
    (name, operation) => {
      const always = operation.credential.refusals.filter(
        (code) => code === 'credential_missing' || code === 'permission_missing',
      );
      const shown = codesOf(name);
      const own = ownRefusalsOf(operation).filter((code) => code !== ofASetting);
      expect([...always, ...own].filter((code) => !shown.has(code))).toEqual([]);
    },
  );

  const rules = new Map(allOperations.map(({ credential }) => [credential.kind, credential.refusals]));
  it.each([...rules])('covers every refusal of a credential of kind %s', (kind, codes) => {
    const operations = allOperations.filter(({ credential }) => credential.kind === kind);
    const shown = new Set(operations.flatMap(({ name }) => [...codesOf(name)]));
    expect(codes.filter((code) => !shown.has(code))).toEqual([]);
  });
});

/** Name of the operation that the step calls, whatever its variables stand for; null: none. */
function nameOf({ request }: RequestStep): string | null {
  const [method = '', path = ''] = request.replaceAll(/\$\{\w+\}/g, 'x').split(' ');
  return path.startsWith('=') ? null : (operationOf(method, path)?.name ?? null);
}
