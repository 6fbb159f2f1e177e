/** Reads a text by a schema, with everything that checks of its meaning need. */
import { Location } from './checks/location.ts';
import { ListFiles, noLists } from './list-files.ts';
import { readValue } from './read-value.ts';
import type { Schema } from './schema/metadata.ts';
import { secretKeysOf } from './schema/secret-keys.ts';
import type { Parts } from './schema.ts';
import { createLineIndex } from './yaml/line-index.ts';
import { createProblemList, type ProblemList } from './yaml/problem.ts';
import { largestFile, readYaml } from './yaml/read-yaml.ts';
import type { Variables } from './yaml/substitute-env.ts';

export interface ReadOptions extends Variables {
  /** Text of a secret file; throws when it cannot be read. */
  readonly readSecret: (path: string) => string;
  /** If unset: it can name none. */
  readonly lists?: ListFiles;
  /** If unset: it is the main file. */
  readonly ownsLists?: boolean;
}

export interface OpenedFile<File> {
  readonly list: ProblemList;
  /** Null when nothing can be said of its meaning. */
  readonly opened: { readonly at: Location; readonly parts: Parts<File> } | null;
}

export function openFile<File>(
  schema: Schema,
  file: string,
  text: string,
  { readSecret, lists = new ListFiles(noLists), ownsLists = true, ...variables }: ReadOptions,
): OpenedFile<File> {
  // Of a file that is not read no line is shown either: finding it would take longer than all else.
  const shown = text.length > largestFile ? '' : text;
  const lines = createLineIndex(shown);
  const list = createProblemList(file, shown, lines, secretKeysOf(schema));
  const root = readYaml(text, variables, list);
  const parts = root === null ? undefined : readValue(schema, root, list.report);
  if (root === null || parts === undefined) return { list, opened: null };
  return {
    list,
    opened: { at: new Location({ root, lines, list, readSecret, lists, ownsLists }), parts: parts as Parts<File> },
  };
}
