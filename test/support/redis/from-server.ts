/** Redis from a `redis-server` on the PATH, or installed with apt on Debian as root. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, type RedisWay, type RunningRedis, redisArguments, untilAnswers } from './running-redis.ts';

const run = promisify(execFile);
const program = 'redis-server';
const installTimeoutMs = 240_000;

export async function fromPath(): Promise<RedisWay | null> {
  try {
    await run(program, ['--version']);
  } catch {
    return null;
  }
  return { name: `${program} on the PATH`, start: startServer };
}

/** Null when this is not Debian, not root, or the installation failed. */
export async function fromApt(): Promise<RedisWay | null> {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return null;
  // One installation at a time, however many runs there are on this machine; the later ones find it done.
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

async function startServer(): Promise<RunningRedis> {
  const port = await freePort();
  let child = await launch(port);
  const alive = () => child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals) => {
    if (!alive()) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  const killWithUs = () => child.kill('SIGKILL');
  process.on('exit', killWithUs);
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: () => end('SIGTERM'),
    start: async () => {
      if (!alive()) child = await launch(port);
    },
    kill: () => end('SIGKILL'),
    pause: async () => {
      child.kill('SIGSTOP');
    },
    resume: async () => {
      child.kill('SIGCONT');
    },
    dispose: async () => {
      process.off('exit', killWithUs);
      await end('SIGKILL');
    },
  };
}

async function launch(port: number): Promise<ChildProcess> {
  const child = spawn(program, ['--port', String(port), '--bind', '127.0.0.1', ...redisArguments], {
    cwd: tmpdir(),
    stdio: 'ignore',
  });
  await once(child, 'spawn');
  try {
    await untilAnswers(port);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return child;
}
