/** The files that a configuration includes: found by pattern, read like the main one, each with problems of its own. */
import type { Check } from './checks/check.ts';
import type { RuleFile } from './checks/rule-file.ts';
import type { OpenedFile } from './open-file.ts';
import type { ConfigProblem } from './problem.ts';
import type { IncludedFile } from './schema.ts';

/** What a pattern stands for, in a fixed order; or why it cannot be used. */
export type IncludedTexts =
  | { readonly ok: true; readonly files: readonly { readonly file: string; readonly text: string }[] }
  | { readonly ok: false; readonly message: string; readonly hint: string | null };

export type ReadIncluded = (pattern: string) => IncludedTexts;

export interface Included {
  readonly files: readonly RuleFile[];
  /** In the order of the files. */
  problems(): readonly ConfigProblem[];
}

const mostPatterns = 32;
export const mostFiles = 1000;
const mostCharacters = 64 * 1024 * 1024;

export function openIncluded(
  patterns: readonly (string | undefined)[] | undefined,
  check: Check,
  read: ReadIncluded | undefined,
  open: (file: string, text: string) => OpenedFile<IncludedFile>,
): Included {
  const opened = new Map<string, OpenedFile<IncludedFile>>();
  let characters = 0;
  if (patterns !== undefined && patterns.length > mostPatterns)
    check.at(['include'], `at most ${mostPatterns} patterns`);
  patterns?.slice(0, mostPatterns).forEach((pattern, index) => {
    if (pattern === undefined) return;
    const path = ['include', index];
    if (read === undefined) {
      check.at(path, 'a text that is no file includes none', 'load it from a file');
      return;
    }
    const found = read(pattern);
    if (!found.ok) {
      check.at(path, found.message, found.hint);
      return;
    }
    for (const { file, text } of found.files) {
      if (opened.has(file)) continue;
      characters += text.length;
      if (opened.size >= mostFiles || characters > mostCharacters) {
        check.at(path, `more than ${mostFiles} files, or ${mostCharacters / 1024 / 1024} MiB, are included`);
        return;
      }
      opened.set(file, open(file, text));
    }
  });
  return {
    files: [...opened].flatMap(([file, { check: own, parts }]) => {
      if (own === null || parts === null) return [];
      return [{ file, check: own, routes: parts.routes, tests: parts.tests, testsAt: ['tests'], owns: parts.owns }];
    }),
    problems: () => [...opened.values()].flatMap(({ list }) => list.problems()),
  };
}
