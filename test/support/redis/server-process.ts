/** One process of `redis-server`: a server, a Sentinel, a node of a Cluster. It has a separate folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { type RunningRedis, redisArguments } from './running-redis.ts';

export const program = 'redis-server';

/** In arguments and files `{port}` is its port, `{bus}` another free port, and `{folder}` its folder. */
export interface ProcessSpec {
  /** Arguments after the name of the program and the port. */
  readonly arguments?: readonly string[];
  /** Files in its folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** Reads `redis.conf` from its files, which it may rewrite, and serves as a Sentinel. */
  readonly sentinel?: boolean;
  /** Its port accepts TLS only. */
  readonly tls?: boolean;
}

/** The command line and the files of a process, with its ports and its folder. */
export interface ProcessPlan {
  readonly port: number;
  readonly arguments: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

export async function planProcess(spec: ProcessSpec, folder: string): Promise<ProcessPlan> {
  const [port, bus] = [await freePort(), await freePort()];
  const filled = (text: string) =>
    text.replaceAll('{port}', String(port)).replaceAll('{bus}', String(bus)).replaceAll('{folder}', folder);
  const own = (spec.arguments ?? []).map(filled);
  return {
    port,
    files: Object.fromEntries(Object.entries(spec.files ?? {}).map(([name, text]) => [name, filled(text)])),
    arguments: spec.sentinel
      ? [join(folder, 'redis.conf'), '--sentinel', ...own]
      : [...(spec.tls ? ['--port', '0', '--tls-port', String(port)] : ['--port', String(port)]), ...base, ...own],
  };
}

export async function startProcess(spec: ProcessSpec): Promise<RunningRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'rolegate-test-redis-'));
  const { port, files, arguments: all } = await planProcess(spec, folder);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const launch = () => launchIn(folder, all, port);
  let child = await launch().catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
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

/** Logged once it listens: by a server, by a Sentinel. */
export const listens = /Ready to accept connections|Sentinel ID is/;
export const startTimeoutMs = 60_000;
const maxOutput = 16_384;

/**
 * Resolves when it listens, according to its own log: another process may respond on its port. Rejects as soon as it
 * has ended.
 */
async function launchIn(folder: string, processArguments: readonly string[], port: number): Promise<ChildProcess> {
  const child = spawn(program, processArguments, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const listening = Promise.withResolvers<void>();
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-maxOutput);
    if (listens.test(output)) listening.resolve();
  };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', keep);
  const fail = (what: string) => listening.reject(new Error(`${program} on port ${port} ${what}\n${output}`));
  const timer = setTimeout(() => fail(`does not listen after ${startTimeoutMs} ms`), startTimeoutMs);
  child.once('error', listening.reject);
  child.once('close', (code, signal) => fail(`ended with ${signal ?? `exit code ${code}`}`));
  try {
    await listening.promise;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return child;
}
