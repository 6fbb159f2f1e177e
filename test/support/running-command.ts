/** A command of the project as a child process: its output as it arrives, and its end. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { createSeenOutput } from './seen-output.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface RunningCommand {
  readonly pid: number;
  /** Everything printed so far, on both streams. */
  output(): string;
  /**
   * Resolves with the first match in the output, printed already or later; rejects when the command ends without one.
   */
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
  /** In a separate process group, which receives signals, as with Ctrl-C in a terminal. */
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
  const seen = createSeenOutput();
  child.stdout.on('data', seen.take);
  child.stderr.on('data', seen.take);
  let over = false;
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      over = true;
      seen.end();
      resolve(code);
    });
  });
  return {
    pid: child.pid ?? 0,
    output: seen.text,
    see: seen.see,
    signal: (name) => {
      if (!ownGroup) child.kill(name);
      else if (child.pid !== undefined && !over) process.kill(-child.pid, name);
    },
    ended,
  };
}
