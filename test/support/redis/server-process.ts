/** One process of `redis-server`: a server, a Sentinel, a node of a Cluster. It lives in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { type RunningRedis, redisArguments, untilAnswers } from './running-redis.ts';

export const program = 'redis-server';

/** In arguments and files `{port}` is its port, `{bus}` another free port, and `{folder}` its folder. */
export interface ProcessSpec {
  /** What follows the name of the program, after the port and before nothing else. */
  readonly arguments?: readonly string[];
  /** Files of its folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** Reads `redis.conf` of its files, which it may write anew, and serves as a Sentinel. */
  readonly sentinel?: boolean;
  /** Its port speaks TLS only. */
  readonly tls?: boolean;
}

export async function startProcess(spec: ProcessSpec): Promise<RunningRedis> {
  const [port, bus] = [await freePort(), await freePort()];
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-test-redis-'));
  const filled = (text: string) =>
    text.replaceAll('{port}', String(port)).replaceAll('{bus}', String(bus)).replaceAll('{folder}', folder);
  for (const [name, text] of Object.entries(spec.files ?? {})) await writeFile(join(folder, name), filled(text));
  const own = (spec.arguments ?? []).map(filled);
  const all = spec.sentinel
    ? [join(folder, 'redis.conf'), '--sentinel', ...own]
    : [...(spec.tls ? ['--port', '0', '--tls-port', String(port)] : ['--port', String(port)]), ...base, ...own];
  const launch = () => launchIn(folder, all, port, spec.tls ?? false);
  let child = await launch();
  const alive = () => child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals) => {
    if (!alive()) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  const killWithUs = () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.on('exit', killWithUs);
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: () => end('SIGTERM'),
    start: async () => {
      if (!alive()) child = await launch();
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
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const base = ['--bind', '127.0.0.1', ...redisArguments];

async function launchIn(
  folder: string,
  processArguments: readonly string[],
  port: number,
  tls: boolean,
): Promise<ChildProcess> {
  const child = spawn(program, processArguments, { cwd: folder, stdio: 'ignore' });
  await once(child, 'spawn');
  try {
    await untilAnswers(port, { tls });
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return child;
}
