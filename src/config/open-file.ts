/** Reads a text by a schema, with everything that checks of its meaning need. */
import { type Check, createCheck } from './checks/check.ts';
import { createProblemList, type ProblemList } from './problem.ts';
import { planOf } from './read-plan.ts';
import { readValue } from './read-value.ts';
import type { Parts } from './schema.ts';
import { createLineIndex } from './yaml/line-index.ts';
import { largestFile, readYaml } from './yaml/read-yaml.ts';

export interface ReadOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of a secret file; throws when it cannot be read. */
  readonly readSecret: (path: string) => string;
}

export interface OpenedFile<File> {
  readonly list: ProblemList;
  /** Null, like `parts`, when nothing can be said of its meaning. */
  readonly check: Check | null;
  readonly parts: Parts<File> | null;
}

export function openFile<File>(
  schema: Parameters<typeof planOf>[0],
  file: string,
  text: string,
  { env, readSecret }: ReadOptions,
): OpenedFile<File> {
  // Of a file that is not read no line is shown either: finding it would take longer than all else.
  const shown = text.length > largestFile ? '' : text;
  const lines = createLineIndex(shown);
  const list = createProblemList(file, shown, lines);
  const plan = planOf(schema);
  const root = readYaml(text, env, list, (section) => {
    const inner = plan.kind === 'object' ? plan.keys.get(section)?.plan : undefined;
    if (inner?.kind !== 'list') return null;
    return (item) => {
      const before = list.count();
      const value = readValue(inner.element, item, list.report);
      if (list.count() === before) return { value };
      list.forget(before);
      return null;
    };
  });
  if (root === null) return { list, check: null, parts: null };
  const parts = readValue(plan, root, list.report);
  if (parts === undefined) return { list, check: null, parts: null };
  return { list, check: createCheck(root, lines, list, readSecret), parts: parts as Parts<File> };
}
