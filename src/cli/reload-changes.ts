/** What a reload newly allows and refuses: compared in another process, one at a time, within bounds of time and memory. */
import { fork } from 'node:child_process';
import { setPriority } from 'node:os';
import type { ConfigSource } from '../config/config-files.ts';
import type { ComparedSources, ReloadChanges } from './compare-reload.ts';

const maxMs = 30_000;
const maxMemoryMb = 512;

interface Identified {
  readonly source: ConfigSource;
  readonly digest: string;
}

/** `found`: a text: why it is not compared. */
type Report = (digests: { readonly config: string; readonly before: string }, changes: ReloadChanges | string) => void;

export interface ReloadComparison {
  /** Ends an earlier comparison. */
  reloaded(after: Identified): void;
  close(): void;
}

export function createReloadComparison(program: string, first: Identified, report: Report): ReloadComparison {
  let inUse = first;
  /** The last one whose changes were reported: what a comparison did not report is part of the next one. */
  let reported = first;
  let running: Running | null = null;
  const compare = async (before: Identified, after: Identified) => {
    running = start(program, { before: before.source, after: after.source });
    const changes = await running.outcome;
    if (typeof changes !== 'string' && inUse.digest === after.digest) reported = after;
    report({ config: after.digest, before: before.digest }, changes);
  };
  return {
    reloaded(after) {
      const isSame = after.digest === inUse.digest;
      inUse = after;
      if (isSame) return;
      running?.end();
      if (after.digest !== reported.digest) void compare(reported, after);
    },
    close: () => running?.end(),
  };
}

interface Running {
  readonly outcome: Promise<ReloadChanges | string>;
  end(): void;
}

function start(program: string, sources: ComparedSources): Running {
  const child = fork(program, ['compare-reload'], {
    stdio: 'ignore',
    execArgv: [
      ...process.execArgv.filter((flag) => !flag.startsWith('--inspect')),
      `--max-old-space-size=${maxMemoryMb}`,
    ],
  });
  const { promise, resolve } = Promise.withResolvers<ReloadChanges | string>();
  const end = () => child.kill('SIGKILL');
  const timer = setTimeout(() => resolve(`it took longer than ${maxMs / 1000} s`), maxMs);
  child.on('message', (changes) => resolve(changes as ReloadChanges));
  child.on('error', () => resolve('the process cannot be started'));
  child.on('exit', (code) => resolve(`the process ended${code === null ? '' : ` with ${code}`}`));
  try {
    // Requests come first.
    if (child.pid !== undefined) setPriority(child.pid, 10);
  } catch {
    // It has ended already, or the service manager does not allow this.
  }
  try {
    child.send(sources, (error) => {
      if (error !== null) resolve('the process cannot be reached');
    });
  } catch {
    // Without free descriptors, it has no channel, and its event says so.
  }
  const outcome = promise.finally(() => {
    clearTimeout(timer);
    end();
  });
  return { outcome, end };
}
