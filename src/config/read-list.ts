/** Reads lists of conditions from disk: files in the configuration, relative to its folder. */
import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { isBelow } from './find-included.ts';
import { maxListBytes, type ReadList } from './list-files.ts';
import { Problem } from './problem.ts';
import { readBounded } from './read-bounded.ts';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EISDIR: 'is a folder, not a file',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'is not UTF-8 text',
};

export function createListReader(mainFile: string): ReadList {
  const folder = dirname(mainFile);
  return (name, own) => {
    const file = isAbsolute(name) ? name : join(folder, name);
    try {
      if (!own && !isBelow(realpathSync(folder), realpathSync(file))) {
        return new Problem(`the file of this list is not below the folder of ${mainFile}`, 'name it in the main file');
      }
      return { file, text: new TextDecoder('utf-8', { fatal: true }).decode(readBounded(file, maxListBytes)) };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      const why = error instanceof RangeError ? 'is larger than 8 MiB' : (reasons[code] ?? 'cannot be read');
      return new Problem(
        `the file ${file} ${why}`,
        code === 'ENOENT' ? 'relative names start from the folder of the configuration' : null,
      );
    }
  };
}
