/** Generated files are what "npm run generate" writes. */
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';

/** The files in the folder that differ. */
function outdatedIn(folder: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const args = ['bin/node.cjs', 'scripts/generate.ts', '--check', folder];
    execFile(process.execPath, args, (error, stdout, stderr) => {
      if (error !== null && error.code !== 1) reject(new Error(stderr));
      else resolve(stdout.split('\n').filter((line) => line !== ''));
    });
  });
}

test('they are current: run "npm run generate"', async () => expect(await outdatedIn('.')).toEqual([]));

test('control: where there are none, all of them differ', async () => {
  const files = await outdatedIn(tmpdir());
  expect(files).toContain('docs/reference/auth-api.openapi.json');
  expect(files.length).toBeGreaterThan(20);
});
