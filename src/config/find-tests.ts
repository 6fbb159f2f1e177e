/**
 * Finds and reads test files: `*.test.yaml` in the folder of the configuration and below it, within bounds of depth and number. A file
 * named like another configuration beside it (`b.test.yaml` and `b.yaml`) belongs to that one.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { readListed } from './find-included.ts';
import { type FoundTexts, maxFiles } from './open-further.ts';
import { Problem } from './problem.ts';

const deepest = 8;
const maxEntries = 20_000;
const testFile = /^(.+)\.test\.ya?ml$/;

/** Paths, as problems show them, in the order of their names. `files`: the configuration and what it includes. */
export function findTestFiles(mainFile: string, files: readonly string[]): readonly string[] | Problem {
  const own = new Set(files.map((file) => resolve(file)));
  const found: string[] = [];
  const folders = [{ path: dirname(mainFile), depth: 0 }];
  let entries = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of entriesOf(folder.path)) {
      entries += 1;
      if (entries > maxEntries || found.length > maxFiles) return tooMany;
      const path = join(folder.path, entry.name);
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      if (entry.isDirectory()) {
        if (folder.depth < deepest) folders.push({ path, depth: folder.depth + 1 });
      } else if (testFile.test(entry.name) && !belongsElsewhere(path, entry.name, own)) {
        found.push(path);
      }
    }
  }
  return found.sort();
}

const tooMany = new Problem(
  'too many files lie below this folder to look for tests',
  'specify the test files: rolegate test FILE',
);

export function readTestFiles(names: readonly string[] | Problem): FoundTexts {
  if (names instanceof Problem) return names;
  const files: { file: string; text: string }[] = [];
  for (const file of names) {
    const shown = relative('', file);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined) return new Problem(`there is no file ${shown}`);
    const text = readListed(file, shown);
    if (typeof text !== 'string') return text;
    // Empty, for example while a command is writing its output to it.
    if (text.trim() !== '') files.push({ file, text });
  }
  return files;
}

/** An unreadable folder contains no tests for this user. */
function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function belongsElsewhere(path: string, name: string, own: ReadonlySet<string>): boolean {
  const stem = testFile.exec(name)![1]!;
  const configs = ['yaml', 'yml'].map((ending) => resolve(dirname(path), `${stem}.${ending}`));
  return configs.some((file) => existsSync(file)) && !configs.some((file) => own.has(file));
}
