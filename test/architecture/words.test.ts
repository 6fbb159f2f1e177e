import { expect, test } from 'vitest';
import { findForbidden, forbiddenWords } from './forbidden-words.ts';
import { projectFiles, textOf } from './project-files.ts';

test('no file holds a forbidden word', () => {
  const files = projectFiles();
  expect(files.length).toBeGreaterThan(50);
  const found = files.flatMap((path) => findForbidden(path, textOf(path) ?? ''));
  expect(found).toEqual([]);
});

test.each(forbiddenWords.map((one) => [one.example, one] as const))('%s would be found', (example, { why, within }) => {
  const path = within === undefined ? 'docs/page.md' : 'src/main.ts';
  expect(findForbidden(path, `first line\n${example}\n`).map((line) => line.split(': ')[1])).toContain(why);
});

test.each([
  ["import { a } from '../shared/write-refusal.ts';"],
  ['user-agent: client/1.0'],
  ['https://example.test/work/7'],
  ['new Agent({ keepAlive: true })'],
  ['mountPath: /tmp'],
  ['the Auth API answers'],
])('%s is allowed', (text) => {
  expect(findForbidden('src/main.ts', text)).toEqual([]);
});
