/** Files that hold tests alone (`*.test.yaml`), each read like the configuration, with problems of its own. */
import type { Check } from './checks/check.ts';
import type { RuleFile } from './checks/rule-file.ts';
import type { OpenedFile } from './open-file.ts';
import type { IncludedTexts } from './open-included.ts';
import type { ConfigProblem } from './problem.ts';
import type { TestFile } from './schema.ts';

/** In a fixed order. `files`: the configuration and what it includes, as problems name them. */
export type ReadTests = (files: readonly string[]) => IncludedTexts;

export interface OpenedTests {
  readonly files: readonly RuleFile[];
  /** In the order of the files. */
  problems(): readonly ConfigProblem[];
}

export function openTests(
  rules: readonly RuleFile[],
  read: ReadTests | undefined,
  open: (file: string, text: string) => OpenedFile<TestFile>,
): OpenedTests {
  const main: Check | undefined = rules[0]?.check;
  const found = read?.(rules.map(({ file }) => file));
  if (found === undefined || main === undefined) return { files: [], problems: () => [] };
  if (!found.ok) {
    const problem = main.problem([], found.message, found.hint);
    return { files: [], problems: () => [problem] };
  }
  const opened = found.files.map(({ file, text }) => ({ file, ...open(file, text) }));
  return {
    files: opened.flatMap(({ file, check, parts: tests }) =>
      check === null || tests === null ? [] : [{ file, check, routes: undefined, tests, testsAt: [], owns: undefined }],
    ),
    problems: () => opened.flatMap(({ list }) => list.problems()),
  };
}
