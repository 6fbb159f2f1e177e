/**
 * Client programs in tests: whether they are installed, and how they run, each with its own home and without a
 * terminal.
 */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { skipHere } from '../../../support/skip-here.ts';

export interface Ran {
  readonly code: number;
  readonly output: string;
}

/** In this folder, which is also the home; never prompts for a password. */
export function runClient(place: string, script: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  const own = {
    HOME: place,
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    PIP_NO_INPUT: '1',
    PIP_NO_CACHE_DIR: '1',
    // Java takes the home from the system.
    MAVEN_OPTS: `-Duser.home=${place}`,
  };
  const options = { cwd: place, env: { ...process.env, ...own, ...env }, timeout: 150_000 };
  return new Promise((resolve) => {
    const child = execFile('bash', ['-e', '-c', script], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
    });
    child.stdin?.end();
  });
}

export function need(program: string, ...args: readonly string[]): void {
  if (spawnSync(program, args, { stdio: 'ignore' }).status !== 0)
    skipHere(`no ${[program, ...args].join(' ')} that works`);
}

/** An installation ends by then; for hooks that include one. */
export const installMs = 150_000;

/** `packages` are installed with apt on Debian as root; otherwise the test is skipped. */
export function needPackage(packages: string, program: string, ...args: readonly string[]): void {
  const works = () => spawnSync(program, args, { stdio: 'ignore' }).status === 0;
  if (!works()) install(packages);
  if (!works()) skipHere(`no ${program} ${args.join(' ')} (Debian: apt-get install ${packages})`);
}

/** The same for a file of a package. */
export function needFile(packages: string, path: string): void {
  if (!existsSync(path)) install(packages);
  if (!existsSync(path)) skipHere(`no ${path} (Debian: apt-get install ${packages})`);
}

function install(packages: string): void {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return;
  const command = `apt-get update -qq && apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 ${packages}`;
  spawnSync('sh', ['-c', command], { stdio: 'ignore', timeout: 120_000 });
}
