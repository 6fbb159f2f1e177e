/**
 * Every file of `test/fixtures/bad-config` against the expectations in its header: `# expect LINE:COLUMN message`, one
 * per problem and no others; `# hint TEXT` for the hint of the preceding problem; `# hides TEXT` for text that must not
 * appear in the output.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatProblems } from '../../../src/config/format-problems.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { env, readSecret } from './environment.ts';

const folder = new URL('../../fixtures/bad-config/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

interface Expectation {
  readonly place: string;
  readonly message: string;
  hint: string | null;
}

function expectations(text: string): { problems: Expectation[]; hidden: string[] } {
  const problems: Expectation[] = [];
  const hidden: string[] = [];
  for (const [, word, rest = ''] of text.matchAll(/^# (expect|hint|hides) (.*)$/gm)) {
    const last = problems.at(-1);
    if (word === 'hides') hidden.push(rest);
    else if (word === 'expect') {
      const space = rest.indexOf(' ');
      problems.push({ place: rest.slice(0, space), message: rest.slice(space + 1), hint: null });
    } else if (last !== undefined) last.hint = rest;
  }
  return { problems, hidden };
}

test('there are at least twenty-five kinds of bad files', () => {
  expect(files.length).toBeGreaterThanOrEqual(25);
});

describe.each(files)('%s', (name) => {
  const text = readFileSync(new URL(name, folder), 'utf8');
  const { problems, hidden } = expectations(text);
  const result = parseConfig(text, { file: name, env, readSecret });

  test('has exactly the problems that its header lists', () => {
    const found = result.ok
      ? []
      : result.problems.map(({ line, column, message, hint }) => ({ place: `${line}:${column}`, message, hint }));
    expect(found).toEqual(problems);
    expect(found).not.toEqual([]);
  });

  test('shows each problem with its line and a caret, and no secret', () => {
    if (result.ok) throw new Error('this file should have problems');
    const shown = formatProblems(result.problems, { color: false });
    for (const { line, frame } of result.problems) {
      expect(frame).toContain(`> ${line} | `);
      expect(frame.split('\n').at(-1)).toMatch(/^ +\| +\^$/);
    }
    const values = Object.values(env).filter((value) => value.length > 4);
    for (const secret of [...hidden, ...values]) expect(shown).not.toContain(secret);
  });
});
