/** Starts the scripts of a benchmark, and removes all that it started. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/free-port.ts';
import { type Core, Processes, type Started, untilListening } from '../test/support/processes.ts';
import type { LoadAnswer, LoadJob, LoadResult } from './load/load.ts';
import { first } from './load/requests.ts';

export { type Core, freePort, Processes, type Started, untilListening };

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

/** A script that prints its port when it listens. Its path is relative to this folder. */
export async function startScript(processes: Processes, core: Core, path: string): Promise<Started> {
  const child = processes.start(core, [process.execPath, beside(path)], ['ignore', 'pipe', 'inherit']);
  for await (const line of createInterface({ input: child.stdout! })) return { port: Number(line), pid: child.pid! };
  throw new Error(`${path} ended before it listened`);
}

/** A script that receives jobs over the channel to its parent. */
export function startWorker(processes: Processes, path: string): ChildProcess {
  return processes.start('rest', [process.execPath, beside(path)], ['ignore', 'inherit', 'inherit', 'ipc']);
}

/** The load client: a function that runs one job after the other, and throws on an unexpected response. */
export function startLoadClient(processes: Processes): (job: LoadJob) => Promise<LoadResult> {
  const client = startWorker(processes, 'load/client.ts');
  return async (job) => {
    client.send(job);
    const [answer] = (await once(client, 'message')) as [LoadAnswer];
    if (!answer.ok) throw new Error(answer.error);
    return answer.result;
  };
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

function beside(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
