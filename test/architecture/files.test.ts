import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectFiles, textOf } from './project-files.ts';

const maxLines = 300;
/** Tables, which are read by row and may be longer. */
const tables = ['src/core/outcome/reasons.ts'];
/** State machines: splitting them would replace calls by interfaces that call back. */
const stateMachines = ['src/proxy/exchange.ts', 'src/http1/server/connection.ts'];
const maxLinesOfStateMachines = 450;
/** Names that tell nothing about what a file does. */
const vagueName = /(^|[-.])(utils?|helpers?|common|managers?|misc)(\.|$)/i;

const files = projectFiles();
const lines = (path: string) => (textOf(path) ?? '').split('\n').length - 1;

describe('source files', () => {
  const sources = files.filter((path) => /^src\/.*\.ts$/.test(path));

  test(`hold at most ${maxLines} lines`, () => {
    expect(sources.length).toBeGreaterThan(20);
    const longer = sources.filter((path) => lines(path) > maxLines && !tables.includes(path));
    expect(longer.filter((path) => !stateMachines.includes(path) || lines(path) > maxLinesOfStateMachines)).toEqual([]);
  });

  test('that are listed as longer are longer', () => {
    expect([...tables, ...stateMachines].filter((path) => lines(path) <= maxLines)).toEqual([]);
  });

  test('open with a comment that says their job', () => {
    expect(sources.filter((path) => !/^(?:#!.*\n)?\/(\*\*|\/)/.test(textOf(path) ?? ''))).toEqual([]);
  });
});

describe('names', () => {
  test('of files and folders say what is inside', () => {
    const named = files.flatMap((path) => path.split('/').map((part) => [part, path] as const));
    expect(named.filter(([part]) => vagueName.test(part)).map(([, path]) => path)).toEqual([]);
  });

  test.each(['utils.ts', 'string-utils.ts', 'helpers', 'helper.ts', 'common.ts', 'session-manager.ts'])(
    '%s would be found',
    (name) => expect(vagueName.test(basename(name))).toBe(true),
  );

  test.each(['match-route.ts', 'helm', 'commons-license.md', '_helpers.tpl'])('%s is allowed', (name) =>
    expect(vagueName.test(basename(name))).toBe(false),
  );
});

test('no two decisions have the same number, and each page begins with its own', () => {
  const pages = projectFiles().filter((path) => /^docs\/decisions\/\d{4}-/.test(path));
  const numbers = pages.map((path) => Number(/\d{4}/.exec(path)![0]));
  expect(numbers.length).toBeGreaterThan(10);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(pages.filter((path, at) => !(textOf(path) ?? '').startsWith(`# ${numbers[at]}. `))).toEqual([]);
});
