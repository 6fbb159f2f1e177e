/** What a reload newly allows and refuses: compared in another process, one at a time, within bounds of time and memory. */
import { type ChildProcess, fork } from 'node:child_process';
import { setPriority } from 'node:os';
import type { ComparedSources, ReloadChanges } from './compare-reload.ts';

const longestMs = 30_000;
const mostMemoryMb = 512;

export interface ReloadComparison {
  /** A text: why it is not compared. A newer comparison ends an earlier one. */
  compare(sources: ComparedSources): Promise<ReloadChanges | string>;
  close(): void;
}

export function createReloadComparison(program: string): ReloadComparison {
  let running: ChildProcess | null = null;
  const end = () => running?.kill('SIGKILL');
  return {
    async compare(sources) {
      end();
      const child = fork(program, ['compare-reload'], {
        stdio: 'ignore',
        execArgv: [
          ...process.execArgv.filter((flag) => !flag.startsWith('--inspect')),
          `--max-old-space-size=${mostMemoryMb}`,
        ],
      });
      running = child;
      const outcome = Promise.withResolvers<ReloadChanges | string>();
      const timer = setTimeout(() => {
        outcome.resolve(`it took longer than ${longestMs / 1000} s`);
        child.kill('SIGKILL');
      }, longestMs);
      child.on('message', (changes) => outcome.resolve(changes as ReloadChanges));
      child.on('error', () => outcome.resolve('the process cannot be started'));
      child.on('exit', (code) => outcome.resolve(`the process ended${code === null ? '' : ` with ${code}`}`));
      try {
        // Requests come first.
        if (child.pid !== undefined) setPriority(child.pid, 10);
        child.send(sources, () => {});
      } catch {
        // It has ended already, and its event says so.
      }
      const found = await outcome.promise;
      clearTimeout(timer);
      if (running === child) running = null;
      return found;
    },
    close: end,
  };
}
