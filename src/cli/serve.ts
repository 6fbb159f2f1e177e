/** `rolegate serve`: the gateway, until a signal ends it. */
import { createGateway } from '../app/create-gateway.ts';
import { untilSignal } from '../app/lifecycle.ts';
import { ListenError } from '../app/listen-error.ts';
import { createReloader, type Reloader } from '../app/reload.ts';
import type { Config } from '../config/config.ts';
import type { ConfigProblem } from '../config/problem.ts';
import { CommandError, type ExitCode } from './exit-code.ts';
import { readConfig } from './read-config.ts';
import { version } from './version.ts';

export async function serve(options: { config: string }): Promise<ExitCode> {
  const config = readConfig(options.config);
  const gateway = createGateway(config, {
    version,
    onCode: ({ to, code, codeId, purpose }) => {
      process.stdout.write(`code ${code} for ${to} (${purpose} ${codeId})\n`);
    },
    reload: () => reloader?.reload() ?? [],
  });
  let reloader: Reloader | null = null;
  const ended = untilSignal({
    reload: () => {
      reloader?.reload();
    },
    close: () => {
      reloader?.close();
      return gateway.close();
    },
  });
  try {
    await gateway.start();
  } catch (error) {
    await gateway.close();
    throw error instanceof ListenError ? new CommandError(error.message) : error;
  }
  const events = {
    apply: (next: Config) => gateway.apply(next),
    refused: (problems: readonly ConfigProblem[]) => gateway.refuseReload(problems),
  };
  reloader = createReloader(options.config, events, 1000, process.env, config.include);
  return (await ended) as ExitCode;
}
