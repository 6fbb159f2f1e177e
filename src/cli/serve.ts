/** `rolegate serve`: the gateway, until a signal ends it. */
import { createGateway } from '../app/create-gateway.ts';
import { findSurprises } from '../app/find-surprises.ts';
import { untilSignal } from '../app/lifecycle.ts';
import { ListenError } from '../app/listen-error.ts';
import { createReloader, type Reloader } from '../app/reload.ts';
import type { Config } from '../config/config.ts';
import type { ConfigProblem } from '../config/problem.ts';
import { findingKinds } from '../workbench/analysis/finding.ts';
import { CommandError, type ExitCode } from './exit-code.ts';
import { readPlaced } from './read-config.ts';
import { version } from './version.ts';

export interface ServeOptions {
  readonly config: string;
  /** A candidate, compared in the shadow of live traffic. */
  readonly shadow?: string;
}

export async function serve(options: ServeOptions): Promise<ExitCode> {
  const readAtMs = Date.now();
  const { config, findings } = readAnalyzed(options.config);
  const gateway = createGateway(config, {
    version,
    onCode: ({ to, code, codeId, purpose }) => {
      process.stdout.write(`code ${code} for ${to} (${purpose} ${codeId})\n`);
    },
    reload: () => reloader?.reload() ?? [],
  });
  let reloader: Reloader | null = null;
  let candidate: Reloader | null = null;
  const ended = untilSignal({
    reload: () => {
      reloader?.reload();
    },
    close: () => {
      reloader?.close();
      candidate?.close();
      return gateway.close();
    },
  });
  try {
    await gateway.start();
  } catch (error) {
    await gateway.close();
    throw error instanceof ListenError ? new CommandError(error.message) : error;
  }
  gateway.warn(findings);
  const events = {
    apply: (next: Config) => {
      gateway.apply(next);
      candidate?.reload();
    },
    refused: (problems: readonly ConfigProblem[]) => gateway.refuseReload(problems),
  };
  reloader = createReloader(options.config, events, 1000, process.env, config.include, readAtMs);
  if (options.shadow !== undefined) {
    // One with problems is reported, and waited for: it never keeps the gateway from serving.
    const compared = {
      apply: (next: Config) => gateway.useCandidate(next),
      refused: (problems: readonly ConfigProblem[]) => gateway.refuseCandidate(problems),
    };
    candidate = createReloader(options.shadow, compared);
    candidate.reload();
  }
  return (await ended) as ExitCode;
}

/** Where things stand in the files is let go with the texts, once it is known what to warn of. */
function readAnalyzed(file: string): { readonly config: Config; readonly findings: readonly ConfigProblem[] } {
  const { config, places } = readPlaced(file);
  const warnings = findSurprises(config, places).filter(({ code }) => findingKinds[code].severity === 'warning');
  return { config, findings: warnings.map(({ problem }) => problem) };
}
