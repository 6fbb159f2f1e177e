/**
 * Starts the processes of a benchmark: our scripts, the gateway, peers, Redis. Each is pinned to its core if `taskset` is installed
 * and there are two cores.
 */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/free-port.ts';
import type { LoadAnswer, LoadJob, LoadResult } from './load/load.ts';
import { first } from './load/requests.ts';

export { freePort };

/** Core of the measured process, and of everything else; any: not pinned. */
export type Core = 'measured' | 'rest' | 'any';
const cores = { measured: '0', rest: '1' } as const;

export interface Started {
  readonly port: number;
  readonly pid: number;
}

/** Processes and a folder for a benchmark of this name. Both are removed when it ends, also by a signal. */
export function benchPlace(name: string): { readonly processes: Processes; readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), `rolegate-${name}-`));
  const processes = new Processes();
  process.on('exit', () => {
    processes.stopAll();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
  return { processes, folder };
}

export class Processes {
  readonly pinned = canPin();
  readonly #children = new Set<ChildProcess>();

  /** Any command. Does not throw if there is no such command; the process just never listens. */
  start(
    core: Core,
    [command, ...args]: readonly [string, ...string[]],
    stdio: SpawnOptions['stdio'],
    env: Readonly<Record<string, string>> = {},
  ): ChildProcess {
    const options = { stdio, env: { ...process.env, NODE_ENV: 'production', ...env } };
    const child =
      this.pinned && core !== 'any'
        ? spawn('taskset', ['-c', cores[core], command, ...args], options)
        : spawn(command, args, options);
    child.on('error', () => {});
    child.on('exit', () => this.#children.delete(child));
    this.#children.add(child);
    return child;
  }

  /** A script that prints its port when it listens. Its path is relative to this folder. */
  async script(core: Core, path: string): Promise<Started> {
    const child = this.start(core, [process.execPath, beside(path)], ['ignore', 'pipe', 'inherit']);
    for await (const line of createInterface({ input: child.stdout! })) return { port: Number(line), pid: child.pid! };
    throw new Error(`${path} ended before it listened`);
  }

  /** A script that receives jobs over the channel to its parent. */
  worker(path: string): ChildProcess {
    return this.start('rest', [process.execPath, beside(path)], ['ignore', 'inherit', 'inherit', 'ipc']);
  }

  /** The load client: a function that runs one job after the other, and throws on an unexpected response. */
  loadClient(): (job: LoadJob) => Promise<LoadResult> {
    const client = this.worker('load/client.ts');
    return async (job) => {
      client.send(job);
      const [answer] = (await once(client, 'message')) as [LoadAnswer];
      if (!answer.ok) throw new Error(answer.error);
      return answer.result;
    };
  }

  /** The gateway, or the Auth API alone, from the sources. Its standard output is written to a file. `flags`: of Node. */
  async rolegate(
    command: 'serve' | 'auth-api',
    config: string,
    port: number,
    logFile: string,
    flags: readonly string[] = [],
  ): Promise<Started> {
    const log = openSync(logFile, 'a');
    const args = [...flags, 'src/main.ts', command, '--config', config];
    const child = this.start('measured', [process.execPath, ...args], ['ignore', log, 'inherit']);
    closeSync(log);
    await untilListening(port, child);
    return { port, pid: child.pid! };
  }

  /** The port of a Redis; null: not installed on this machine. */
  async redis(core: Core): Promise<number | null> {
    const port = await freePort();
    const child = this.start(
      core,
      ['redis-server', '--port', `${port}`, '--save', '', '--bind', '127.0.0.1'],
      'ignore',
    );
    return untilListening(port, child).then(
      () => port,
      () => null,
    );
  }

  /** Sends SIGTERM, because nginx and a gateway with workers must end their children themselves. */
  stopAll(): void {
    for (const child of this.#children) child.kill('SIGTERM');
  }
}

export async function untilListening(port: number, child: ChildProcess, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const accepted = await accepts(port);
    // If it has ended, another process accepts connections there.
    const ended = child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
    if (accepted && !ended) return;
    if (ended || Date.now() > deadline) throw new Error(`${child.spawnargs.join(' ')} does not listen on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Until a request gets this status: a proxy may listen before it has read its routes. */
export async function untilServed(port: number, request: string, status: number, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await statusOf(port, first(request));
    if (found === status) return;
    if (Date.now() > deadline) throw new Error(`status ${found ?? 'none'} instead of ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Null: no response. */
function statusOf(port: number, request: string): Promise<number | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(request));
    const settle = (status: number | null) => {
      socket.destroy();
      resolve(status);
    };
    socket.setTimeout(5_000, () => settle(null));
    socket.once('data', (bytes) => settle(Number(bytes.toString('latin1', 9, 12))));
    socket.on('error', () => settle(null));
    socket.on('close', () => settle(null));
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const settle = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.on('connect', () => settle(true));
    socket.on('error', () => settle(false));
  });
}

function beside(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

function canPin(): boolean {
  if (availableParallelism() < 2) return false;
  try {
    execFileSync('taskset', ['-c', '0,1', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
