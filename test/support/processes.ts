/**
 * Starts the processes of a benchmark or of a world with monitoring: the gateway, Redis, other programs. Each is pinned to its core if
 * `taskset` is installed and there are two cores.
 */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { freePort } from './free-port.ts';

/** Core of the measured process, and of everything else; any: not pinned. */
export type Core = 'measured' | 'rest' | 'any';
const cores = { measured: '0', rest: '1' } as const;

export interface Started {
  readonly port: number;
  readonly pid: number;
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

function canPin(): boolean {
  if (availableParallelism() < 2) return false;
  try {
    execFileSync('taskset', ['-c', '0,1', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
