/** Starts the gateway with the probe in its process, and asks it what it holds. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Held } from './probe.ts';

export interface ProbedGateway {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it holds after a full garbage collection. */
  held(): Promise<Held>;
}

/** Its standard output goes to the log file, which needs `level: info` to tell that it listens. */
export async function startProbedGateway(config: string, logFile: string, pinned: boolean): Promise<ProbedGateway> {
  const output = openSync(logFile, 'a');
  const args = [
    '--expose-gc',
    '--import',
    `${import.meta.dirname}/probe.ts`,
    'src/main.ts',
    'serve',
    '--config',
    config,
  ];
  const [command, before] = pinned ? ['taskset', ['-c', '0', process.execPath]] : [process.execPath, []];
  const child = spawn(command, [...before, ...args], {
    stdio: ['ignore', output, 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  closeSync(output);
  process.on('exit', () => child.kill('SIGKILL'));
  for (let tries = 0; !readFileSync(logFile, 'utf8').includes('"started"'); tries += 1) {
    if (tries > 300 || child.exitCode !== null)
      throw new Error(`The gateway did not start: ${readFileSync(logFile, 'utf8').slice(0, 2000)}`);
    await setTimeout(50);
  }
  return {
    child,
    pid: child.pid ?? 0,
    async held() {
      child.send('held');
      const [answer] = (await once(child, 'message')) as [Held];
      return answer;
    },
  };
}
