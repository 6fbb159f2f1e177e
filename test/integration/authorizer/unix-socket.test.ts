/** The file at the path of a Unix socket before the authorizer listens there. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeStaleSocket } from '../../../src/authorizer/callers.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a file that is not a socket is kept', async () => {
  const path = join(folder, 'policy.yaml');
  writeFileSync(path, 'version: 1\n');
  await removeStaleSocket(path);
  expect(readFileSync(path, 'utf8')).toBe('version: 1\n');
});

test('a missing file is accepted', async () => {
  await expect(removeStaleSocket(join(folder, 'authorizer.sock'))).resolves.toBeUndefined();
});
