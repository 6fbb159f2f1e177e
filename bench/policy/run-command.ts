/** Runs the command line in a separate process and measures its cost. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Took {
  readonly wallMs: number;
  /** User and system, of all threads. */
  readonly cpuMs: number;
}

/** The child reports its own CPU time when it ends, because a parent can only read the sum of all its children. */
const reporting = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => { const { user, system } = process.cpuUsage(); process.stderr.write('\\ncpu ' + (user + system) + '\\n'); });",
)}`;

/** Throws if the command fails. */
export async function runCommand(main: string, args: readonly string[]): Promise<Took> {
  const from = performance.now();
  const child = spawn(process.execPath, ['--import', reporting, main, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    errors += part;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  const wallMs = performance.now() - from;
  if (code !== 0) throw new Error(`rolegate ${args.join(' ')} ended with ${code}: ${errors}`);
  return { wallMs, cpuMs: Number(/\ncpu (\d+)\n/.exec(errors)?.[1]) / 1000 };
}
