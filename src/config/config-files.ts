/**
 * The files of a configuration: where each is found, which of them a file may use, and what was read. What was read is plain data, from
 * which another process creates the same configuration, even if the files have changed since.
 */
import { existsSync, globSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { Problem } from './problem.ts';
import { readBounded } from './read-bounded.ts';
import { maxFile } from './yaml/read-yaml.ts';

export interface FileText {
  /** Its name for problems. */
  readonly file: string;
  readonly text: string;
}

/** Files in a fixed order; or why they cannot be used. */
export type FoundTexts = readonly FileText[] | Problem;

/** How the further files of a configuration are read. */
export interface FileReaders {
  /** Text of a secret file, certificate or key; throws if it cannot be read. `watched`: its changes reload the configuration. */
  readonly readSecret: (path: string, watched?: boolean) => string;
  /** Files of an `include` pattern; if unset: none can be included. */
  readonly readIncluded?: (pattern: string) => FoundTexts;
  /** `own`: the main file uses it; included ones may only use files below its folder. If unset: none can be read. */
  readonly readList?: (name: string, own: boolean) => FileText | Problem;
  /** Test files; if unset: none. `files`: the configuration and what it includes, as problems name them. */
  readonly readTests?: (files: readonly string[]) => FoundTexts;
}

/** Everything that a configuration was read from. */
export interface ConfigSource extends FileText {
  readonly included: readonly { readonly pattern: string; readonly texts: FoundTexts }[];
  /** Secret files by path as written; null: it could not be read. */
  readonly secrets: readonly { readonly path: string; readonly text: string | null }[];
  /** Lists by name as written, and whether the main file uses it. */
  readonly lists: readonly { readonly name: string; readonly own: boolean; readonly found: FileText | Problem }[];
}

/** Which test files are read: the given ones, or those found below the configuration. */
export type TestFiles = 'none' | 'found' | readonly string[];

export interface ConfigFiles extends Required<Omit<FileReaders, 'readTests'>> {
  /** Text of the main file; throws if it cannot be read. */
  readMain(): string;
  /** What was read so far, except test files. */
  readonly source: ConfigSource;
  /** What to watch besides the main file. */
  readonly watched: WatchedFiles;
}

/** As written, from the folder of the main file. */
export interface WatchedFiles {
  /** Lists and certificates: a name is no pattern, whatever characters it contains. */
  readonly names: readonly string[];
  /** Of included files. */
  readonly patterns: readonly string[];
}

export const maxFiles = 1000;
export const maxListBytes = 8 * 1024 * 1024;
/** A UTF-16 unit takes at most three bytes in UTF-8 (RFC 3629 section 3). */
const maxBytes = 3 * maxFile;
/** Larger files are not secrets. */
const maxSecretBytes = 64 * 1024;

/** Names of secret files and lists are relative to the folder of the main file, and so are those of included files. */
export function filesOnDisk(mainFile: string): ConfigFiles {
  const folder = dirname(mainFile);
  const source = {
    file: mainFile,
    text: '',
    included: [] as ConfigSource['included'][number][],
    secrets: [] as { readonly path: string; text: string | null }[],
    lists: [] as ConfigSource['lists'][number][],
  };
  const watched = { names: [] as string[], patterns: [] as string[] };
  return {
    readMain() {
      source.text = decode(readBounded(mainFile, maxBytes));
      return source.text;
    },
    readSecret(path, isWatched = false) {
      if (isWatched) watched.names.push(path);
      const secret: { readonly path: string; text: string | null } = { path, text: null };
      source.secrets.push(secret);
      secret.text = readText(resolve(folder, path), maxSecretBytes);
      return secret.text;
    },
    readIncluded(pattern) {
      watched.patterns.push(pattern);
      const texts = readPattern(pattern, mainFile);
      source.included.push({ pattern, texts });
      return texts;
    },
    readList(name, own) {
      watched.names.push(name);
      const list = readList(name, own, mainFile);
      source.lists.push({ name, own, found: list });
      return list;
    },
    source,
    watched,
  };
}

/** Reads nothing from the disk. */
export function filesOf({ included, secrets, lists }: ConfigSource): FileReaders {
  return {
    readIncluded: (named) =>
      included.find(({ pattern }) => pattern === named)?.texts ?? new Problem('no file matches this'),
    readList: (name, own) =>
      lists.find((list) => list.name === name && list.own === own)?.found ?? new Problem('this list was not read'),
    readSecret(name) {
      const text = secrets.find(({ path }) => path === name)?.text ?? null;
      if (text === null) throw new Error('this secret was not read');
      return text;
    },
  };
}

/**
 * Files of a pattern, in the order of their names: paths as problems show them. Hidden files and folders are skipped unless the pattern
 * contains them, and so are test files and the configuration itself.
 */
export function includedFiles(pattern: string, mainFile: string): string[] {
  const folder = dirname(mainFile);
  const main = resolve(mainFile);
  return globSync(pattern, { cwd: folder })
    .filter((name) => !testFile.test(name))
    .map((name) => join(folder, name))
    .filter((file) => resolve(file) !== main)
    .sort();
}

/** Links may lead to another place in the folder (as mounted files do), but not out of it: its location determines what a file may contain. */
function readPattern(pattern: string, mainFile: string): FoundTexts {
  const folder = dirname(mainFile);
  try {
    const names = includedFiles(pattern, mainFile);
    if (names.length === 0)
      return new Problem('no file matches this', 'patterns are read from the folder of this file');
    if (names.length > maxFiles) return new Problem(`more than ${maxFiles} files match this`, 'name a separate folder');
    const outside = names.find((file) => !isBelow(folder, file));
    if (outside === undefined) return readEach(names, folder);
    const name = relative(folder, outside);
    return new Problem(`${name} is a link that leads out of the folder of this file`, 'copy it, or mount it there');
  } catch {
    return new Problem('the files of this pattern cannot be found', 'check that this user may read the folder');
  }
}

/** `from`: problems name a file by its path from there. */
function readEach(files: readonly string[], from: string): FoundTexts {
  const texts: FileText[] = [];
  for (const file of files) {
    try {
      texts.push({ file, text: readText(file, maxFile) });
    } catch (error) {
      const name = relative(from, file);
      const code = codeOf(error);
      if (code === 'ENOENT') return new Problem(`there is no file ${name}`);
      if (code === 'EISDIR') return new Problem(`${name} is not a file`);
      const why = error instanceof RangeError ? whyUnreadable(error, maxFile) : 'cannot be read as UTF-8 text';
      return new Problem(`${name} ${why}`);
    }
  }
  return texts;
}

function readList(name: string, own: boolean, mainFile: string): FileText | Problem {
  const folder = dirname(mainFile);
  const file = isAbsolute(name) ? name : join(folder, name);
  try {
    if (own || isBelow(folder, file)) return { file, text: decode(readBounded(file, maxListBytes)) };
    return new Problem(`the file of this list is not below the folder of ${mainFile}`, 'name it in the main file');
  } catch (error) {
    const hint = codeOf(error) === 'ENOENT' ? 'relative names start from the folder of the configuration' : null;
    return new Problem(`the file ${file} ${whyUnreadable(error, maxListBytes)}`, hint);
  }
}

/** Test files, as listed, or `*.test.yaml` in the folder of the configuration and below it. */
export function readTests(tests: TestFiles, mainFile: string, files: readonly string[]): FoundTexts {
  const names = tests === 'none' ? [] : tests === 'found' ? findTests(mainFile, files) : tests;
  if (names instanceof Problem) return names;
  const read = readEach(names, '');
  // Empty, for example while a command is writing its output to it.
  return read instanceof Problem ? read : read.filter(({ text }) => text.trim() !== '');
}

/**
 * Within bounds of depth and number, in the order of their names. A file named like another configuration beside it (`b.test.yaml` and
 * `b.yaml`) belongs to that one.
 */
function findTests(mainFile: string, files: readonly string[]): readonly string[] | Problem {
  const own = new Set(files.map((file) => resolve(file)));
  const paths: string[] = [];
  const folders = [{ path: dirname(mainFile), depth: 0 }];
  let entries = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of entriesOf(folder.path)) {
      entries += 1;
      if (entries > maxEntries || paths.length > maxFiles) return tooMany;
      const path = join(folder.path, entry.name);
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      if (entry.isDirectory()) {
        if (folder.depth < maxDepth) folders.push({ path, depth: folder.depth + 1 });
      } else if (testFile.test(entry.name) && !belongsElsewhere(path, own)) {
        paths.push(path);
      }
    }
  }
  return paths.sort();
}

const maxDepth = 8;
const maxEntries = 20_000;
const testFile = /\.test\.ya?ml$/;
const tooMany = new Problem(
  'too many files lie below this folder to look for tests',
  'specify the test files: rolegate test FILE',
);

/** An unreadable folder contains no tests for this user. */
function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function belongsElsewhere(path: string, own: ReadonlySet<string>): boolean {
  const configs = ['yaml', 'yml'].map((ending) => resolve(path.replace(testFile, `.${ending}`)));
  return configs.some((file) => existsSync(file)) && !configs.some((file) => own.has(file));
}

/** By where links lead; throws if there is no such file. */
function isBelow(folder: string, file: string): boolean {
  const way = relative(realpathSync(folder), realpathSync(file));
  return way !== '' && !isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EISDIR: 'is a folder, not a file',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'is not UTF-8 text',
};

/** The end of a sentence that begins with the name of the file. */
function whyUnreadable(error: unknown, maxBytes: number): string {
  if (error instanceof RangeError) return `is larger than ${maxBytes / 1024 / 1024} MiB`;
  return reasons[codeOf(error)] ?? 'cannot be read';
}

const reasonsOfMain: Readonly<Record<string, string>> = {
  EACCES: 'this user may not read the file',
  EISDIR: 'this is a folder, not a file',
};

/** Why the main file cannot be read. */
export function whyNotMain(error: unknown): string {
  return reasonsOfMain[codeOf(error)] ?? `the file ${whyUnreadable(error, maxFile)}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Throws for a file that is not a regular one: opening a named pipe would wait for its writer. */
function readText(file: string, maxBytes: number): string {
  if (!statSync(file).isFile()) throw Object.assign(new Error('not a regular file'), { code: 'EISDIR' });
  return decode(readBounded(file, maxBytes));
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}
