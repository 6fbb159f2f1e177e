/** A copy of the project like a clone: what Git tracks or would track, in a separate folder. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface ProjectCopy {
  readonly folder: string;
  remove(): void;
}

/** `installed`: with this project's node_modules, so nothing needs to be installed. */
export function copyProject({ installed }: { readonly installed: boolean }): ProjectCopy {
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-copy-'));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const path of listed.split('\0')) {
    if (path !== '' && existsSync(join(root, path))) cpSync(join(root, path), join(folder, path));
  }
  if (installed) symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
