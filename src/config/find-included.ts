/**
 * Finds and reads the files of an `include` pattern below the folder of the configuration. Links may lead to another place in that folder
 * (as mounted files do), but not out of it: the location of a file determines what it may contain.
 */
import { globSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { type FoundTexts, maxFiles, type ReadIncluded } from './open-further.ts';
import { Problem } from './problem.ts';
import { maxFile } from './yaml/read-yaml.ts';

export function createIncludeReader(mainFile: string): ReadIncluded {
  const folder = dirname(mainFile);
  return (pattern) => {
    try {
      return readAll(pattern, mainFile, folder);
    } catch {
      return new Problem('the files of this pattern cannot be found', 'check that this user may read the folder');
    }
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
    .filter((name) => !/\.test\.ya?ml$/.test(name))
    .map((name) => join(folder, name))
    .filter((file) => resolve(file) !== main)
    .sort();
}

function readAll(pattern: string, mainFile: string, folder: string): FoundTexts {
  const names = includedFiles(pattern, mainFile);
  if (names.length === 0) return new Problem('no file matches this', 'patterns are read from the folder of this file');
  if (names.length > maxFiles) return new Problem(`more than ${maxFiles} files match this`, 'name a separate folder');
  const real = realpathSync(folder);
  const files: { file: string; text: string }[] = [];
  for (const file of names) {
    const shown = relative(folder, file);
    if (!isBelow(real, realpathSync(file))) {
      return new Problem(`${shown} is a link that leads out of the folder of this file`, 'copy it, or mount it there');
    }
    const text = readListed(file, shown);
    if (typeof text !== 'string') return text;
    files.push({ file, text });
  }
  return files;
}

/** The text of a file, or why it cannot be used. `shown`: its name for messages. */
export function readListed(file: string, shown: string): string | Problem {
  const stats = statSync(file);
  if (!stats.isFile()) return new Problem(`${shown} is not a file`);
  if (stats.size > maxFile) return new Problem(`${shown} is larger than ${maxFile / 1024 / 1024} MiB`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch {
    return new Problem(`${shown} cannot be read as UTF-8 text`);
  }
}

export function isBelow(folder: string, file: string): boolean {
  const way = relative(folder, file);
  return way !== '' && !isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`);
}
