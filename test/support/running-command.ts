/** A command of the project as a child process: its output, as it comes, and its end. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Longest wait for a text that should come. */
const waitMs = 15_000;

export interface RunningCommand {
  readonly pid: number;
  /** Everything printed so far, both streams. */
  output(): string;
  /** Resolves with the first match in the output, printed already or not yet; rejects when the command ends without. */
  see(pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code; null when a signal ended the process. */
  readonly ended: Promise<number | null>;
}

/** Runs `rolegate <args>` from the sources. */
export function runRolegate(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningCommand {
  return runCommand(process.execPath, ['src/main.ts', ...args], env);
}

export interface CommandPlace {
  /** Default: the project. */
  readonly cwd?: string;
  /** In a process group of its own, to which signals go, as a terminal sends them for Ctrl-C. */
  readonly ownGroup?: boolean;
}

export function runCommand(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  { cwd = root, ownGroup = false }: CommandPlace = {},
): RunningCommand {
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(command, args, {
    cwd,
    detached: ownGroup,
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let over = false;
  const watchers = new Set<() => void>();
  const take = (chunk: Buffer) => {
    output += chunk.toString();
    for (const watcher of watchers) watcher();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      over = true;
      for (const watcher of watchers) watcher();
      resolve(code);
    });
  });
  return {
    pid: child.pid ?? 0,
    output: () => output,
    see: (pattern) =>
      new Promise((resolve, reject) => {
        const done = (finish: () => void) => {
          clearTimeout(timer);
          watchers.delete(look);
          finish();
        };
        const look = () => {
          const match = pattern.exec(output);
          if (match !== null) done(() => resolve(match));
          else if (over) done(() => reject(new Error(`the command ended without ${pattern}:\n${output}`)));
        };
        const timer = setTimeout(() => done(() => reject(new Error(`no ${pattern} in:\n${output}`))), waitMs);
        watchers.add(look);
        look();
      }),
    signal: (name) => {
      if (!ownGroup) child.kill(name);
      else if (child.pid !== undefined && !over) process.kill(-child.pid, name);
    },
    ended,
  };
}
