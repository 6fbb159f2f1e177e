/** Redis from a `redis-server` on the PATH, or installed with apt on Debian as root. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RedisWay } from './running-redis.ts';
import { program, startProcess } from './server-process.ts';

const run = promisify(execFile);
const installTimeoutMs = 240_000;

export async function fromPath(): Promise<RedisWay | null> {
  try {
    await run(program, ['--version']);
  } catch {
    return null;
  }
  return { name: `${program} on the PATH`, start: () => startProcess({}) };
}

/** Null if this is not Debian, not root, or the installation failed. */
export async function fromApt(): Promise<RedisWay | null> {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return null;
  // One installation at a time for all runs on this machine; later ones find it installed.
  const lock = join(tmpdir(), 'rolegate-test-redis-install.lock');
  const script =
    `command -v ${program} >/dev/null || ` +
    `{ apt-get update -qq && apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 ${program}; }`;
  try {
    await run('flock', ['-w', '200', lock, 'sh', '-c', script], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: installTimeoutMs,
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch {
    return null;
  }
  const found = await fromPath();
  return found === null ? null : { ...found, name: `${program} installed with apt` };
}
