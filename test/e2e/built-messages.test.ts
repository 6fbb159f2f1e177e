/** The built program says of every bad file, and of every file of the examples, what the sources say. */
import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildProgram } from '../support/built-program.ts';
import { env } from '../unit/config/environment.ts';

const files = globSync(['test/fixtures/bad-config/*.yaml', 'config/*.yaml', 'config/examples/**/*.yaml']).sort();

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly problems: string;
}

function validate(main: string, file: string): Promise<Said> {
  return new Promise((done) => {
    const child = execFile(process.execPath, [main, 'validate', '--config', file], { env }, (_, out, problems) =>
      done({ code: child.exitCode, out, problems }),
    );
  });
}

test('the built program validates as the sources do', { timeout: 300_000 }, async () => {
  const built = buildProgram('messages');
  const codes = new Set<number | null>();
  for (const file of files) {
    const [ours, its] = await Promise.all([validate('src/main.ts', file), validate(built, file)]);
    expect(its, file).toEqual(ours);
    codes.add(its.code);
  }
  expect(files.length).toBeGreaterThan(100);
  expect(codes).toEqual(new Set([0, 1]));
});
