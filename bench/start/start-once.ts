/** Starts the gateway in a separate process and measures how long it takes to serve. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { cpuTimeUs } from '../load/cpu-time.ts';
import { residentBytes } from '../load/process-tree.ts';

export interface Started {
  /** From spawning the process to its first 200 from `/health/ready`, and to its first response to a request. */
  readonly readyMs: number;
  readonly servedMs: number;
  /** User and system time of all threads until then. */
  readonly cpuMs: number;
  readonly residentMb: number;
}

export interface Program {
  /** The measured program. */
  readonly main: string;
  readonly config: string;
  /** The port on which the configuration makes it listen. */
  readonly listen: number;
  readonly admin: number;
  readonly env: Readonly<Record<string, string>>;
}

/** Throws if it does not become ready. `first`: it also ends by itself, which writes the compiled code, as `bin/rolegate.cjs` has it written. */
export async function startOnce({ main, config, listen, admin, env }: Program, first = false): Promise<Started> {
  const from = performance.now();
  const child = spawn(process.execPath, [main, 'serve', '--config', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production', NODE_COMPILE_CACHE: join(dirname(main), 'code'), ...env },
  });
  try {
    await until(() => responds(admin, '/health/ready', 200), child);
    const readyMs = performance.now() - from;
    await until(() => responds(listen, '/no-route-is-for-this', 404), child);
    const servedMs = performance.now() - from;
    const pid = child.pid ?? 0;
    return { readyMs, servedMs, cpuMs: cpuTimeUs(pid) / 1000, residentMb: residentBytes([pid]) / 1024 / 1024 };
  } finally {
    child.kill(first ? 'SIGTERM' : 'SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

/** Polls every two milliseconds. */
async function until(asked: () => Promise<boolean>, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await asked())) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error('the gateway did not become ready');
    await setTimeout(2);
  }
}

function responds(port: number, path: string, status: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === status);
    });
    request.on('error', () => resolve(false));
  });
}
