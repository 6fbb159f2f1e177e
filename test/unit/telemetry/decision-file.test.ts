/** The file of recorded decisions: its header, its bounds, and a failing disk. */
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

function open(part: { file?: string; perSecond?: number; sizeBytes?: number } = {}) {
  const counts = { written: 0, skipped: 0, failed: 0 };
  const warnings: string[] = [];
  const clock = { now: 1_000_000 };
  const path = join(folder, part.file ?? 'decisions.ndjson');
  const file = new DecisionFile({
    perSecond: 1000,
    sizeBytes: 1024 ** 2,
    ...part,
    file: path,
    events: { recorded: (result) => (counts[result] += 1) },
    log: { warn: (_fields: unknown, message?: string) => void warnings.push(message ?? '') } as never,
    now: () => clock.now,
  });
  return { file, path, counts, warnings, clock };
}

const lines = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as object);

test('begins with a header, also when it continues an earlier file, and again when the rules change', async () => {
  const first = open();
  first.file.begin({ head: 1 });
  first.file.write({ n: 1 });
  first.file.begin({ head: 2 });
  first.file.write({ n: 2 });
  await first.file.close();
  const second = open();
  second.file.begin({ head: 3 });
  second.file.write({ n: 3 });
  await second.file.close();
  expect(lines(first.path)).toEqual([{ head: 1 }, { n: 1 }, { head: 2 }, { n: 2 }, { head: 3 }, { n: 3 }]);
  expect(first.counts.written).toBe(2);
  expect(statSync(first.path).mode & 0o777).toBe(0o600);
});

test('creates no file without decisions', async () => {
  const { file, path } = open();
  file.begin({ head: 1 });
  await file.close();
  expect(existsSync(path)).toBe(false);
});

test('keeps one full file, and the two never exceed twice the size', async () => {
  const { file, path } = open({ sizeBytes: 1024 });
  file.begin({ head: 1 });
  for (let n = 0; n < 100; n += 1) file.write({ n, filler: 'x'.repeat(100) });
  await file.close();
  for (const one of [path, `${path}.1`]) {
    // The line that exceeds the size fills the file.
    expect(statSync(one).size).toBeLessThan(1024 + 200);
    expect(lines(one)[0]).toEqual({ head: 1 });
    expect(lines(one).length).toBeGreaterThan(1);
  }
  expect(lines(path).at(-1)).toMatchObject({ n: 99 });
});

test('bounds the records per second, and starts again in the next one', () => {
  const { file, clock } = open({ perSecond: 2 });
  const tries = () =>
    [1, 2, 3].map((n) => {
      const room = file.hasRoom;
      if (room) file.write({ n });
      return room;
    });
  expect(tries()).toEqual([true, true, false]);
  clock.now += 1000;
  expect(tries()).toEqual([true, true, false]);
  return file.close();
});

test('a failing disk costs a warning and the records, nothing else', async () => {
  const { file, counts, warnings } = open({ file: 'no-such-folder/decisions.ndjson' });
  file.begin({ head: 1 });
  file.write({ n: 1 });
  file.write({ n: 2 });
  await file.close();
  expect(counts).toEqual({ written: 0, skipped: 0, failed: 2 });
  expect(warnings).toEqual(['decisions cannot be recorded']);
});
