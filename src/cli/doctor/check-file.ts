/** Whether a file that a process writes, and renames or accompanies with others, can be written or created. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Finding, findingsOf } from './check.ts';

/** Problem of the file itself, or its absence; null: it exists. */
export function fileFinding(path: string, { ok, error }: ReturnType<typeof findingsOf>): Finding | null {
  const file = statSync(path, { throwIfNoEntry: false });
  const folder = dirname(path);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    return error(`the folder ${folder} does not exist`, 'Create it, or correct the path.');
  }
  if (file?.isDirectory()) return error(`${path} is a folder`, 'Use a file.');
  for (const place of file === undefined ? [folder] : [path, folder]) {
    try {
      accessSync(place, constants.R_OK | constants.W_OK);
    } catch {
      return error(`this user may not write to ${place}`, 'Give the user of the process write permission.');
    }
  }
  return file === undefined ? ok(`the file ${path} does not exist yet; it is created at startup`) : null;
}
