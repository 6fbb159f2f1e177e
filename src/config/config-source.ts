/**
 * Everything that a configuration was read from, as plain data: its text, the files that it includes, its secret files.
 * Another process makes the same configuration of it, even when the files have changed since.
 */
import type { FoundTexts } from './open-further.ts';
import { type ConfigResult, type ParseOptions, parseConfig } from './parse-config.ts';
import { Refusal } from './refusal.ts';

export interface ConfigSource {
  /** Name for problems; relative names in the configuration are found from its folder. */
  readonly file: string;
  readonly text: string;
  readonly included: readonly { readonly pattern: string; readonly texts: FoundTexts }[];
  /** Secret files by path as written; null: it could not be read. */
  readonly secrets: readonly { readonly path: string; readonly text: string | null }[];
}

type Reading = Required<Pick<ParseOptions, 'readSecret' | 'readIncluded'>>;

/** Reads as `reading` does, and notes what was read in `source`. */
export function recordSource(
  file: string,
  text: string,
  reading: Reading,
): { readonly reading: Reading; readonly source: ConfigSource } {
  const included: { pattern: string; texts: FoundTexts }[] = [];
  const secrets: { path: string; text: string | null }[] = [];
  return {
    source: { file, text, included, secrets },
    reading: {
      readIncluded(pattern) {
        const texts = reading.readIncluded(pattern);
        included.push({ pattern, texts });
        return texts;
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
export function parseSource({ file, text, included, secrets }: ConfigSource, env: ParseOptions['env']): ConfigResult {
  return parseConfig(text, {
    file,
    env,
    readIncluded: (asked) =>
      included.find(({ pattern }) => pattern === asked)?.texts ?? new Refusal('no file matches this'),
    readSecret(asked) {
      const read = secrets.find(({ path }) => path === asked)?.text ?? null;
      if (read === null) throw new Error('this secret was not read');
      return read;
    },
  });
}
