/**
 * Every file of `test/fixtures/bad-config` against the expectations in its header: `# expect LINE:COLUMN message`, one
 * per problem and no others; `# hint TEXT` for the hint of the preceding problem; `# hides TEXT` for text that must not
 * appear in the output. Problems of meaning are `# then LINE:COLUMN message` if there are problems of shape: they appear
 * once each `# mend OLD -> NEW` is applied, and the other lines with problems are empty.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatProblems } from '../../../src/config/format-problems.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import type { ConfigProblem } from '../../../src/config/yaml/problem.ts';
import { env, readSecret } from './environment.ts';

const folder = new URL('../../fixtures/bad-config/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

interface Expectation {
  readonly place: string;
  readonly message: string;
  hint: string | null;
}

function expectations(text: string) {
  const [shape, meaning]: [Expectation[], Expectation[]] = [[], []];
  let last: Expectation | undefined;
  const hidden: string[] = [];
  const mends: (readonly string[])[] = [];
  for (const [, word, rest = ''] of text.matchAll(/^# (expect|then|hint|hides|mend) (.*)$/gm)) {
    if (word === 'hides') hidden.push(rest);
    else if (word === 'mend') mends.push(rest.replaceAll('\\n      ', '\n      ').split(' -> '));
    else if (word === 'hint') last!.hint = rest;
    else {
      const space = rest.indexOf(' ');
      last = { place: rest.slice(0, space), message: rest.slice(space + 1), hint: null };
      (word === 'then' ? meaning : shape).push(last);
    }
  }
  const mended = (line: string) => {
    if (line.startsWith('#')) return line;
    const [old = '', next = ''] = mends.find(([from = '']) => line.includes(from)) ?? [];
    return line.replace(old, () => next);
  };
  return { shape, meaning, hidden, mended };
}

function problemsOf(text: string, name: string): readonly ConfigProblem[] {
  const result = parseConfig(text, { file: name, env, readSecret });
  return result.ok ? [] : result.problems;
}

const shownIn = (problems: readonly ConfigProblem[]) =>
  problems.map(({ line, column, message, hint }) => ({ place: `${line}:${column}`, message, hint }));

test('there are at least twenty-five kinds of bad files', () => {
  expect(files.length).toBeGreaterThanOrEqual(25);
});

describe.each(files)('%s', (name) => {
  const text = readFileSync(new URL(name, folder), 'utf8');
  const { shape, meaning, hidden, mended } = expectations(text);
  const problems = problemsOf(text, name);

  test('has exactly the problems that its header lists', () => {
    expect(shownIn(problems)).toEqual(shape);
    expect(shape).not.toEqual([]);
  });

  test('shows each problem with its line and a caret, and no secret', () => {
    const shown = formatProblems(problems, { color: false });
    for (const { line, frame } of problems) {
      expect(frame).toContain(`> ${line} | `);
      expect(frame.split('\n').at(-1)).toMatch(/^ +\| +\^$/);
    }
    const values = Object.values(env).filter((value) => value.length > 4);
    for (const secret of [...hidden, ...values]) expect(shown).not.toContain(secret);
  });

  if (meaning.length === 0) return;
  test('then has exactly these problems of meaning', () => {
    const wrong = new Set(problems.map(({ line }) => line));
    const lines = text.split('\n').map((line, index) => {
      const better = mended(line);
      return better === line && wrong.has(index + 1) ? '' : better;
    });
    expect(shownIn(problemsOf(lines.join('\n'), name))).toEqual(meaning);
  });
});
