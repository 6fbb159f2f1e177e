/** The file of decision records: its bounds, and a failing disk. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DecisionFile } from '../../../src/telemetry/records/decision-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-decisions-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(part: { file?: string; fileSizeBytes?: number } = {}) {
  const counts = { unwritten: 0 };
  const warnings: string[] = [];
  const path = join(folder, part.file ?? 'decisions.ndjson');
  const file = new DecisionFile({
    fileSizeBytes: 1024 ** 2,
    ...part,
    file: path,
    unwritten: () => (counts.unwritten += 1),
    log: { warn: (_fields: unknown, message?: string) => void warnings.push(message ?? '') } as never,
  });
  return { file, path, counts, warnings };
}

const lines = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as object);

test('continues an earlier file, which only its owner can read', async () => {
  const [first, second] = [open(), open()];
  first.file.write('{"n":1}');
  await first.file.close();
  second.file.write('{"n":2}');
  await second.file.close();
  expect(lines(first.path)).toEqual([{ n: 1 }, { n: 2 }]);
  expect(statSync(first.path).mode & 0o777).toBe(0o600);
  expect(second.counts.unwritten).toBe(0);
});

test('creates no file without records', async () => {
  const { file, path } = open();
  await file.close();
  expect(existsSync(path)).toBe(false);
});

test('keeps one full file, and the two never exceed twice the size', async () => {
  const { file, path } = open({ fileSizeBytes: 1024 });
  for (let n = 0; n < 100; n += 1) file.write(JSON.stringify({ n, filler: 'x'.repeat(100) }));
  await file.close();
  for (const one of [path, `${path}.1`]) {
    // The line that exceeds the size fills the file.
    expect(statSync(one).size).toBeLessThan(1024 + 200);
    expect(lines(one).length).toBeGreaterThan(0);
  }
  expect(lines(path).at(-1)).toMatchObject({ n: 99 });
});

test('what a slow disk has not taken is bounded, and the rest is counted', async () => {
  const { file, path, counts } = open({ fileSizeBytes: 64 * 1024 ** 2 });
  const text = JSON.stringify({ filler: 'x'.repeat(1024 ** 2) });
  for (let n = 0; n < 10; n += 1) file.write(text);
  await file.close();
  // The first one is being written, and four wait.
  expect([lines(path).length, counts.unwritten]).toEqual([5, 5]);
  file.write(text);
  expect(counts.unwritten).toBe(6);
});

test('a failing disk costs a warning and the records, nothing else', async () => {
  const { file, counts, warnings } = open({ file: 'no-such-folder/decisions.ndjson' });
  file.write('{}');
  file.write('{}');
  await file.close();
  expect(counts.unwritten).toBe(2);
  expect(warnings).toEqual(['decisions cannot be recorded']);
});
