/** Starts the gateway with the probe in its process, and queries the probe. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Core, Processes } from '../processes.ts';
import type { Held } from './probe.ts';

export interface ProbedGateway {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What the process holds after a full garbage collection. */
  held(): Promise<Held>;
}

/** Writes standard output to the log file. `level: info` is required, because the log reports when the gateway listens. */
export async function startProbedGateway(
  processes: Processes,
  core: Core,
  config: string,
  logFile: string,
): Promise<ProbedGateway> {
  const output = openSync(logFile, 'a');
  const flags = ['--expose-gc', '--import', `${import.meta.dirname}/probe.ts`];
  const child = processes.start(
    core,
    [process.execPath, ...flags, 'src/main.ts', 'serve', '--config', config],
    ['ignore', output, 'inherit', 'ipc'],
  );
  closeSync(output);
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
