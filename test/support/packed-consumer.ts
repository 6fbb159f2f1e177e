/** A folder with the packed project as a package, next to this project's packages. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { copyProject } from './project-copy.ts';

const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url));

export interface PackedConsumer {
  readonly folder: string;
  remove(): void;
}

/** Packs the project like `npm run build:package`, and unpacks it where a program finds it as `rolegate`. */
export async function unpackForConsumer(): Promise<PackedConsumer> {
  const copy = copyProject({ installed: true });
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rolegate-consumer-')));
  const run = promisify(execFile);
  try {
    await run('npm', ['run', '--silent', 'build:package'], { cwd: copy.folder });
    const tarball = readdirSync(join(copy.folder, 'build')).find((name) => name.endsWith('.tgz'))!;
    const own = join(folder, 'node_modules');
    mkdirSync(join(own, 'rolegate'), { recursive: true });
    for (const name of readdirSync(modules)) {
      if (!name.startsWith('.') && name !== 'rolegate') symlinkSync(join(modules, name), join(own, name), 'dir');
    }
    const there = join(own, 'rolegate');
    await run('tar', ['xzf', join(copy.folder, 'build', tarball), '--strip-components=1', '-C', there]);
    writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n');
  } finally {
    copy.remove();
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
