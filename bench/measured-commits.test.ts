/** Each page of figures names the commit that it was measured for. */
import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commit, machine } from './report.ts';

const pages = globSync('bench/results/*.md');

test('there are pages', () => {
  expect(pages.length).toBeGreaterThan(8);
});

test.each(pages)('%s', (path) => {
  expect(readFileSync(path, 'utf8')).toMatch(/\bcommit [0-9a-f]{8}\b/);
});

test('benchmarks print it', () => {
  expect(commit).toMatch(/^commit (?:[0-9a-f]{8}(?: with changes)?|unknown)$/);
  expect(machine).toContain(commit);
});
