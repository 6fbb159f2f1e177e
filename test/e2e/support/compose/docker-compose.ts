/**
 * The compose command, which is not always part of Docker: installed with apt on Debian as root, otherwise the test is
 * skipped.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { skipHere } from '../../../support/skip-here.ts';

const run = promisify(execFile);
const installTimeoutMs = 150_000;

export async function useCompose(): Promise<void> {
  if (await isThere()) return;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    const install =
      'apt-get update -qq && apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 docker-compose';
    await run('sh', ['-c', install], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: installTimeoutMs,
      maxBuffer: 64 * 1024 * 1024,
    }).catch(() => undefined);
    if (await isThere()) return;
  }
  skipHere('no docker compose (Debian: apt-get install docker-compose)');
}

async function isThere(): Promise<boolean> {
  try {
    await run('docker', ['compose', 'version']);
    return true;
  } catch {
    return false;
  }
}

export interface Composition {
  /** Output of `docker compose ...`; rejects with the output. */
  compose(...args: readonly string[]): Promise<string>;
}

/** `files`: the first one determines the folder for relative paths. */
export function composition(folder: string, project: string, files: readonly string[]): Composition {
  const places = files.flatMap((file) => ['--file', file]);
  return {
    async compose(...args) {
      const { stdout } = await run(
        'docker',
        ['compose', '--ansi', 'never', '--project-name', project, ...places, ...args],
        {
          cwd: folder,
          maxBuffer: 64 * 1024 * 1024,
        },
      );
      return stdout;
    },
  };
}
