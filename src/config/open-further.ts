/**
 * The further files of a configuration: those that it includes, found by pattern, and test files (`*.test.yaml`). Each is read like the
 * main one, with its own problems.
 */
import type { Location } from './checks/location.ts';
import type { RuleFile } from './checks/rule-file.ts';
import type { OpenedFile } from './open-file.ts';
import { Problem } from './problem.ts';
import type { IncludedFile, Parts, TestFile } from './schema.ts';
import type { ConfigProblem } from './yaml/problem.ts';

/** Files and their texts in a fixed order; or why they cannot be used. */
export type FoundTexts = readonly { readonly file: string; readonly text: string }[] | Problem;

export type ReadIncluded = (pattern: string) => FoundTexts;

/** `files`: the configuration and what it includes, as problems name them. */
export type ReadTests = (files: readonly string[]) => FoundTexts;

export interface FurtherFiles {
  readonly files: readonly RuleFile[];
  /** In the order of the files. */
  problems(): readonly ConfigProblem[];
}

export const maxFiles = 1000;
const maxPatterns = 32;
const maxCharacters = 64 * 1024 * 1024;

const noFile = new Problem('a configuration that is not a file cannot include files', 'load it from a file');

type Opened<File> = ReadonlyMap<string, OpenedFile<File>>;

/** `at`: of the patterns. */
export function openIncluded(
  patterns: readonly (string | undefined)[],
  at: Location,
  read: ReadIncluded | undefined,
  open: (file: string, text: string) => OpenedFile<IncludedFile>,
): FurtherFiles {
  const opened = new Map<string, OpenedFile<IncludedFile>>();
  let characters = 0;
  patterns.slice(0, maxPatterns).forEach((pattern, index) => {
    if (pattern === undefined) return;
    const found = read?.(pattern) ?? noFile;
    if ('message' in found) {
      at.at(index).report(found.message, found.hint);
      return;
    }
    for (const { file, text } of found) {
      if (opened.has(file)) continue;
      characters += text.length;
      if (opened.size >= maxFiles || characters > maxCharacters) {
        const most = `${maxFiles} files, or ${maxCharacters / 1024 / 1024} MiB`;
        at.at(index).report(`more than ${most}, are included`);
        return;
      }
      opened.set(file, open(file, text));
    }
  });
  return further(opened, ({ routes, tests, owns }, root) => ({ routes, tests, testsAt: root.at('tests'), owns }));
}

/** `rules`: the configuration and what it includes. */
export function openTests(
  rules: readonly RuleFile[],
  read: ReadTests | undefined,
  open: (file: string, text: string) => OpenedFile<TestFile>,
): FurtherFiles {
  const found = read?.(rules.map(({ file }) => file)) ?? [];
  if ('message' in found) {
    const problem = rules[0]?.at.problem(found.message, found.hint);
    return { files: [], problems: () => (problem === undefined ? [] : [problem]) };
  }
  const opened = new Map(found.map(({ file, text }) => [file, open(file, text)]));
  return further(opened, (tests, testsAt) => ({ routes: undefined, tests, testsAt, owns: undefined }));
}

function further<File>(
  all: Opened<File>,
  rulesOf: (parts: Parts<File>, at: Location) => Omit<RuleFile, 'file' | 'at'>,
): FurtherFiles {
  return {
    files: [...all].flatMap(([file, { opened }]) =>
      opened === null ? [] : [{ file, at: opened.at, ...rulesOf(opened.parts, opened.at) }],
    ),
    problems: () => [...all.values()].flatMap(({ list }) => list.problems()),
  };
}
