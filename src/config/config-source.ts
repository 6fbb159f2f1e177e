/**
 * Everything that a configuration was read from, as plain data: its text, the files that it includes, its secret files, its lists. Another
 * process can create the same configuration from it, even if the files have changed since.
 */
import type { ReadList } from './list-files.ts';
import type { FoundTexts } from './open-further.ts';
import { type ConfigResult, type ParseOptions, parseConfig } from './parse-config.ts';
import { Problem } from './problem.ts';

export interface ConfigSource {
  /** Name for problems; relative names in the configuration start from its folder. */
  readonly file: string;
  readonly text: string;
  readonly included: readonly { readonly pattern: string; readonly texts: FoundTexts }[];
  /** Secret files by path as written; null: it could not be read. */
  readonly secrets: readonly { readonly path: string; readonly text: string | null }[];
  /** Lists by name as written, and whether the main file uses it. */
  readonly lists: readonly { readonly name: string; readonly own: boolean; readonly found: ReturnType<ReadList> }[];
}

type Reading = Required<Pick<ParseOptions, 'readSecret' | 'readIncluded' | 'readList'>>;

/** Reads like `reading`, and records what was read in `source`. */
export function recordSource(
  file: string,
  text: string,
  reading: Reading,
): { readonly reading: Reading; readonly source: ConfigSource } {
  const included: { pattern: string; texts: FoundTexts }[] = [];
  const secrets: { path: string; text: string | null }[] = [];
  const lists: { name: string; own: boolean; found: ReturnType<ReadList> }[] = [];
  return {
    source: { file, text, included, secrets, lists },
    reading: {
      readIncluded(pattern) {
        const texts = reading.readIncluded(pattern);
        included.push({ pattern, texts });
        return texts;
      },
      readList(name, own) {
        const found = reading.readList(name, own);
        lists.push({ name, own, found });
        return found;
      },
      readSecret(path) {
        const noted: { path: string; text: string | null } = { path, text: null };
        secrets.push(noted);
        noted.text = reading.readSecret(path);
        return noted.text;
      },
    },
  };
}

/** Reads nothing from the disk. */
export function parseSource(
  { file, text, included, secrets, lists }: ConfigSource,
  env: ParseOptions['env'],
): ConfigResult {
  return parseConfig(text, {
    file,
    env,
    readIncluded: (asked) =>
      included.find(({ pattern }) => pattern === asked)?.texts ?? new Problem('no file matches this'),
    readList: (name, own) =>
      lists.find((list) => list.name === name && list.own === own)?.found ?? new Problem('this list was not read'),
    readSecret(asked) {
      const read = secrets.find(({ path }) => path === asked)?.text ?? null;
      if (read === null) throw new Error('this secret was not read');
      return read;
    },
  });
}
