/** A command of Rolegate in a folder of its own, as a user runs it. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

export const main = resolve('src/main.ts');

/** Waits until it ends. */
export function rolegateIn(folder: string, ...args: readonly string[]) {
  const env = { ...process.env, NO_COLOR: '1' };
  return spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: 'utf8', env });
}
