/** Reads configuration files from disk; a file that cannot be read is a problem like any other. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  type AuthApiFileResult,
  type ConfigResult,
  type ParseOptions,
  type ProblemResult,
  parseAuthApiFile,
  parseConfig,
} from './parse-config.ts';

export type LoadResult = ConfigResult;

type Env = Readonly<Record<string, string | undefined>>;

/** Larger ones are no secrets. */
const largestSecretBytes = 64 * 1024;

/** Secret files are found from the folder of the configuration file. */
export function loadConfig(file: string, env: Env): LoadResult {
  return load(file, env, parseConfig);
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
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    return unreadable(file, error);
  }
  return parse(text, { file, env, readSecret: (path) => readSecretFile(resolve(dirname(file), path)) });
}

function readSecretFile(path: string): string {
  const bytes = readFileSync(path);
  if (bytes.length > largestSecretBytes) throw new RangeError('too large for a secret');
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

function unreadable(file: string, error: unknown): ProblemResult {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  const reason =
    code === 'ENOENT'
      ? 'the file does not exist'
      : code === 'EACCES'
        ? 'the file may not be read by this user'
        : code === 'EISDIR'
          ? 'this is a folder, not a file'
          : code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
            ? 'the file is not UTF-8 text'
            : 'the file cannot be read';
  return { ok: false, problems: [{ file, line: 1, column: 1, message: reason, hint: null, frame: '' }] };
}
