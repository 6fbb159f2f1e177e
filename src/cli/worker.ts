/** `rolegate worker`: started by `rolegate serve` if `server.workers` is more than one. It has no other use. */
import { runWorker } from '../app/workers/run-worker.ts';
import { ExitCode, usageError } from './exit-code.ts';
import { version } from './version.ts';

export async function worker(): Promise<ExitCode> {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  if (process.send === undefined) {
    throw usageError('rolegate: workers are started by rolegate serve (server.workers)');
  }
  await runWorker({
    version,
    env: process.env,
    link: {
      send: (message, sent) =>
        process.connected && process.send?.(message, undefined, undefined, () => sent()) === true,
      onMessage: (take) => process.on('message', take),
      onGone: (gone) => process.on('disconnect', gone),
    },
  });
  return ExitCode.fine;
}
