/** Runs the command line in a process of its own and tells what it took. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export interface Took {
  readonly wallMs: number;
  /** User and system, of all threads. */
  readonly cpuMs: number;
}

/** The child tells its own CPU time when it ends: whoever waits for it is told only that of all children together. */
const tell = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => { const { user, system } = process.cpuUsage(); process.stderr.write('\\ncpu ' + (user + system) + '\\n'); });",
)}`;

function start(main: string, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--import', tell, main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Throws when it does not end with one of `codes`. */
export async function runCommand(main: string, args: readonly string[], codes: readonly number[] = [0]): Promise<Took> {
  const from = performance.now();
  const child = start(main, args);
  let told = '';
  child.stdout?.resume();
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    told += part;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const wallMs = performance.now() - from;
  if (code === null || !codes.includes(code)) throw new Error(`rolegate ${args.join(' ')} ended with ${code}: ${told}`);
  return { wallMs, cpuMs: Number(/\ncpu (\d+)\n/.exec(told)?.[1]) / 1000 };
}

/** From the start of the process to its line that it listens. */
export async function startGateway(main: string, config: string): Promise<Took> {
  const from = performance.now();
  const child = start(main, ['serve', '--config', config]);
  try {
    let text = '';
    child.stderr?.resume();
    child.stdout?.setEncoding('utf8');
    for await (const part of child.stdout as AsyncIterable<string>) {
      text += part;
      if (!/"msg":"started"/.test(text)) continue;
      return { wallMs: performance.now() - from, cpuMs: cpuOf(child.pid ?? 0) };
    }
    throw new Error(`the gateway ended: ${text}`);
  } finally {
    child.kill('SIGKILL');
  }
}

/** Of a process that lives (Linux); NaN elsewhere. */
function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    // In ticks of 10 ms.
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return Number.NaN;
  }
}
