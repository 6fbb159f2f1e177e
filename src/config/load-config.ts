/** Reads configuration files from disk; a file that cannot be read is a problem like any other. */
import {
  type ConfigFiles,
  type ConfigSource,
  filesOf,
  filesOnDisk,
  readTests,
  type TestFiles,
  whyNotMain,
} from './config-files.ts';
import {
  type AuthApiFileResult,
  type ConfigResult,
  type ProblemResult,
  parseAuthApiFile,
  parseConfig,
} from './parse-config.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** `tests`: which test files are also read. */
export function loadConfig(file: string, env: Env, tests: TestFiles = 'none'): ConfigResult {
  const files = filesOnDisk(file);
  const reading = { file, env, ...files, readTests: (rules: readonly string[]) => readTests(tests, file, rules) };
  return load(files, (text) => parseConfig(text, reading));
}

/**
 * For a gateway that serves: without tests, with the files to watch besides the main one, and its source: reading that again gives the same
 * result, regardless of later changes on disk.
 */
export function loadRecorded(
  file: string,
  env: Env,
): Pick<ConfigFiles, 'source' | 'watched'> & { readonly result: ConfigResult } {
  const files = filesOnDisk(file);
  const result = load(files, (text) => parseConfig(text, { file, env, ...files }));
  return { result, source: files.source, watched: files.watched };
}

/** Reads nothing from the disk. */
export function parseSource(source: ConfigSource, env: Env): ConfigResult {
  return parseConfig(source.text, { file: source.file, env, ...filesOf(source) });
}

/** For use inside an application: a file by its name, or the text of one, whose files are found from the working directory. */
export function loadForApplication(source: string | { readonly text: string }, env: Env): ConfigResult {
  const file = typeof source === 'string' ? source : 'configuration';
  const files = filesOnDisk(file);
  const parse = (text: string) => parseConfig(text, { file, env, ...files, inProcess: true });
  return typeof source === 'string' ? load(files, parse) : parse(source.text);
}

export function loadAuthApiFile(file: string, env: Env): AuthApiFileResult {
  return loadAuthApiRecorded(file, env).result;
}

/** For an Auth API that serves: with the files to watch besides the main one. */
export function loadAuthApiRecorded(
  file: string,
  env: Env,
): Pick<ConfigFiles, 'watched'> & { readonly result: AuthApiFileResult } {
  const files = filesOnDisk(file);
  const result = load(files, (text) => parseAuthApiFile(text, { file, env, ...files }));
  return { result, watched: files.watched };
}

function load<Result>({ readMain, source }: ConfigFiles, parse: (text: string) => Result): Result | ProblemResult {
  let text: string;
  try {
    text = readMain();
  } catch (error) {
    const message = whyNotMain(error);
    return { ok: false, problems: [{ file: source.file, line: 1, column: 1, message, hint: null, frame: '' }] };
  }
  return parse(text);
}
