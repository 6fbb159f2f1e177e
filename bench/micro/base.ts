/** Another state of the project beside this one: a revision of Git in a folder of its own, or a folder that is there. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Base {
  readonly folder: string;
  remove(): void;
}

/** `project`: this one, whose packages both sides use. */
export function checkOut(project: string, revision: string): Base {
  if (existsSync(join(revision, 'package.json'))) return { folder: revision, remove: () => {} };
  const commit = git(project, ['rev-parse', '--verify', '--end-of-options', `${revision}^{commit}`])
    .toString()
    .trim();
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-base-'));
  execFileSync('tar', ['-x', '-C', folder], { input: git(project, ['archive', commit]) });
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'), 'dir');
  // An earlier state may not know how to measure itself.
  const parts = 'bench/micro/parts';
  if (!existsSync(join(folder, parts))) cpSync(join(project, parts), join(folder, parts), { recursive: true });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function git(project: string, args: readonly string[]): Buffer {
  return execFileSync('git', args, {
    cwd: project,
    maxBuffer: 512 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
