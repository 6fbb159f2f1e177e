/** Finds the folder with PostgreSQL's server programs, which distributions do not put on the PATH. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Null without a working `postgres` and `initdb`. */
export async function findPrograms(): Promise<string | null> {
  for (const folder of [...onPath(), ...byVersion('/usr/lib/postgresql'), ...byVersion('/opt/homebrew/opt')]) {
    if (!existsSync(join(folder, 'initdb'))) continue;
    try {
      await run(join(folder, 'postgres'), ['--version']);
      return folder;
    } catch {
      // This one does not run here; the next one may.
    }
  }
  return null;
}

function onPath(): string[] {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'postgres'))
    .filter(existsSync)
    .map((file) => dirname(realpathSync(file)));
}

/** The newest first. */
function byVersion(parent: string): string[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .filter((name) => /^(?:postgresql@)?\d+$/.test(name))
    .sort((first, second) => Number(second.replace(/\D/g, '')) - Number(first.replace(/\D/g, '')))
    .map((name) => join(parent, name, 'bin'));
}
