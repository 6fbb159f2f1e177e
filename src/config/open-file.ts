/** Reads a text by a schema, with everything that semantic checks need. */
import { Location } from './checks/location.ts';
import { ListFiles, noLists } from './list-files.ts';
import { readValue } from './read-value.ts';
import type { Schema } from './schema/metadata.ts';
import { secretKeysOf } from './schema/secret-keys.ts';
import type { Parts } from './schema.ts';
import { createLineIndex } from './yaml/line-index.ts';
import { createProblemList, type ProblemList } from './yaml/problem.ts';
import { maxFile, readYaml } from './yaml/read-yaml.ts';
import type { Variables } from './yaml/substitute-env.ts';

export interface ReadOptions extends Variables {
  /** Text of a secret file; throws if it cannot be read. */
  readonly readSecret: (path: string) => string;
  /** If unset, it cannot use any. */
  readonly lists?: ListFiles;
  /** If unset: it is the main file. */
  readonly ownsLists?: boolean;
}

export interface OpenedFile<File> {
  readonly list: ProblemList;
  /** Null if its meaning cannot be checked. */
  readonly opened: { readonly at: Location; readonly parts: Parts<File> } | null;
}

export function openFile<File>(
  schema: Schema,
  file: string,
  text: string,
  { readSecret, lists = new ListFiles(noLists), ownsLists = true, ...variables }: ReadOptions,
): OpenedFile<File> {
  // For a file that is too large to parse, no line is shown either: finding it would take longer than everything else.
  const shown = text.length > maxFile ? '' : text;
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
