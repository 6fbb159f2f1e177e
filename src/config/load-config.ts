/** Reads configuration files from disk; a file that cannot be read is a problem like any other. */
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type ConfigSource, recordSource } from './config-source.ts';
import { createIncludeReader } from './find-included.ts';
import { findTestFiles, readTestFiles } from './find-tests.ts';
import {
  type AuthApiFileResult,
  type ConfigResult,
  type ParseOptions,
  type ProblemResult,
  parseAuthApiFile,
  parseConfig,
} from './parse-config.ts';
import { readBounded } from './read-bounded.ts';
import { createListReader } from './read-list.ts';
import { maxFile } from './yaml/read-yaml.ts';

export type LoadResult = ConfigResult;

/** A UTF-16 unit takes at most three bytes in UTF-8 (RFC 3629 section 3). */
const maxBytes = 3 * maxFile;

type Env = Readonly<Record<string, string | undefined>>;

/** Larger files are not secrets. */
const maxSecretBytes = 64 * 1024;

/** Which test files are read: the given ones, or those found below the configuration. */
export type TestFiles = 'none' | 'found' | readonly string[];

/**
 * Names of secret files and lists are relative to the folder of the configuration file, and so are those of included files, whose patterns
 * are passed to `seen`.
 */
export function loadConfig(
  file: string,
  env: Env,
  seen: (pattern: string) => void = () => {},
  tests: TestFiles = 'none',
): LoadResult {
  const read = createIncludeReader(file);
  const readIncluded = (pattern: string) => {
    seen(pattern);
    return read(pattern);
  };
  return load(file, env, (text, options) => parseConfig(text, { ...options, readIncluded, ...testsOf(file, tests) }));
}

/**
 * For a gateway that serves: without tests, with names of lists passed to `seen`, and its source: reading that again gives the same result,
 * regardless of later changes on disk.
 */
export function loadRecorded(
  file: string,
  env: Env,
  seen: (pattern: string) => void = () => {},
): { readonly result: LoadResult; readonly source: ConfigSource | null } {
  const read = createIncludeReader(file);
  const readListed = createListReader(file);
  let source: ConfigSource | null = null;
  const result = load(file, env, (text, { readSecret }) => {
    const recorder = recordSource(file, text, {
      readSecret,
      readList: (name, own) => {
        seen(name);
        return readListed(name, own);
      },
      readIncluded: (pattern) => {
        seen(pattern);
        return read(pattern);
      },
    });
    const parsed = parseConfig(text, { file, env, ...recorder.reading });
    source = recorder.source;
    return parsed;
  });
  return { result, source };
}

/** For use inside an application: a file by its name, or the text of one, whose files are found from the working directory. */
export function loadForApplication(source: string | { readonly text: string }, env: Env): LoadResult {
  const fromFile = typeof source === 'string';
  const file = fromFile ? source : 'configuration';
  const readIncluded = createIncludeReader(file);
  const parse = (text: string, options: ParseOptions) =>
    parseConfig(text, { ...options, readIncluded, inProcess: true });
  return fromFile ? load(file, env, parse) : parse(source.text, readingOptions(file, env));
}

function testsOf(file: string, tests: TestFiles): Pick<ParseOptions, 'readTests'> {
  if (tests === 'none') return {};
  return { readTests: (rules) => readTestFiles(tests === 'found' ? findTestFiles(file, rules) : tests) };
}

export function loadAuthApiFile(file: string, env: Env): AuthApiFileResult {
  return load(file, env, parseAuthApiFile);
}

function load<Result>(
  file: string,
  env: Env,
  parse: (text: string, options: ParseOptions) => Result,
): Result | ProblemResult {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readBounded(file, maxBytes));
  } catch (error) {
    return unreadable(file, error);
  }
  return parse(text, readingOptions(file, env));
}

function readingOptions(file: string, env: Env): ParseOptions {
  const readSecret = (path: string) => readSecretFile(resolve(dirname(file), path));
  return { file, env, readSecret, readList: createListReader(file) };
}

function readSecretFile(path: string): string {
  // Opening a named pipe would wait for its writer.
  if (!statSync(path).isFile()) throw new Error('not a regular file');
  return new TextDecoder('utf-8', { fatal: true }).decode(readBounded(path, maxSecretBytes));
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'the file does not exist',
  EACCES: 'this user may not read the file',
  EISDIR: 'this is a folder, not a file',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'the file is not UTF-8 text',
};

function unreadable(file: string, error: unknown): ProblemResult {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const tooLarge = `the file is larger than ${maxFile / 1024 / 1024} MiB`;
  const message = error instanceof RangeError ? tooLarge : (reasons[code] ?? 'the file cannot be read');
  return { ok: false, problems: [{ file, line: 1, column: 1, message, hint: null, frame: '' }] };
}
