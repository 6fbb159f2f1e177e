/** Starts the processes of the benchmark, each pinned to its core where `taskset` is there and there are two cores. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Core of what is measured, and of everything else. */
export type Core = 'measured' | 'rest';
const cores: Readonly<Record<Core, string>> = { measured: '0', rest: '1' };

export interface Started {
  readonly port: number;
  readonly pid: number;
}

/** Processes and a folder for a benchmark of this name; both are gone when it ends, also by a signal. */
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
  readonly #children: ChildProcess[] = [];

  /** A script of this folder that prints its port. */
  async script(core: Core, name: string, ...args: string[]): Promise<Started> {
    const child = this.#spawn(core, [`${import.meta.dirname}/${name}`, ...args], ['ignore', 'pipe', 'inherit']);
    for await (const line of createInterface({ input: child.stdout! })) return { port: Number(line), pid: child.pid! };
    throw new Error(`${name} ended before it listened`);
  }

  /** The load client, with a channel for jobs. */
  client(): ChildProcess {
    return this.#spawn('rest', [`${import.meta.dirname}/client.ts`], ['ignore', 'inherit', 'inherit', 'ipc']);
  }

  /** The gateway, or the Auth API alone; its standard output, the access log, goes to a file. `flags`: of Node. */
  async rolegate(
    command: 'serve' | 'auth-api',
    config: string,
    port: number,
    logFile: string,
    flags: readonly string[] = [],
  ): Promise<Started> {
    const log = openSync(logFile, 'a');
    const args = [...flags, 'src/main.ts', command, '--config', config];
    const child = this.#spawn('measured', args, ['ignore', log, 'inherit']);
    closeSync(log);
    await untilListening(port, child);
    return { port, pid: child.pid! };
  }

  stopAll(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }

  #spawn(core: Core, args: string[], stdio: ('ignore' | 'pipe' | 'inherit' | 'ipc' | number)[]): ChildProcess {
    const node = process.execPath;
    const options = { stdio, env: { ...process.env, NODE_ENV: 'production' } };
    const child = this.pinned
      ? spawn('taskset', ['-c', cores[core], node, ...args], options)
      : spawn(node, args, options);
    this.#children.push(child);
    return child;
  }
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

async function untilListening(port: number, child: ChildProcess, timeoutMs = 15_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`The process ended with exit code ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error(`The process did not listen within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
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
