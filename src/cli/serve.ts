/** `rolegate serve`: the gateway, until a signal ends it; with `server.workers`, in several processes. */
import { availableParallelism } from 'node:os';
import { createGateway, type Gateway } from '../app/create-gateway.ts';
import { untilSignal } from '../app/lifecycle.ts';
import { ListenError } from '../app/listen-error.ts';
import { createReloader, type Reloader } from '../app/reload.ts';
import type { Config } from '../config/config.ts';
import type { ConfigSource } from '../config/config-files.ts';
import { loadRecorded } from '../config/load-config.ts';
import type { Places } from '../config/places.ts';
import type { Settings } from '../config/settings.ts';
import type { ConfigProblem } from '../config/yaml/problem.ts';
import { CommandError, type ExitCode } from './exit-code.ts';
import { failRead } from './read-config.ts';
import { createReloadComparison } from './reload-changes.ts';
import { version } from './version.ts';

export interface ServeOptions {
  readonly config: string;
  /** A candidate, compared on live traffic. */
  readonly shadow?: string;
}

/** A gateway of one process or of several. */
interface Served extends Pick<Gateway, 'start' | 'refuseReload' | 'refuseCandidate' | 'warn' | 'changed' | 'close'> {
  /** Why the configuration was not applied; empty: it was. */
  apply(config: Config, source: ConfigSource): readonly ConfigProblem[] | Promise<readonly ConfigProblem[]>;
  useCandidate(config: Config, source: ConfigSource): void;
  /** Resolves if the gateway cannot continue. */
  readonly gaveUp?: Promise<string>;
}

type Reload = () => Promise<readonly ConfigProblem[]>;

export async function serve(options: ServeOptions): Promise<ExitCode> {
  const readAtMs = Date.now();
  const { config, source, watched, settings, ...recorded } = readRecorded(options.config);
  let places: Places | null = recorded.places;
  if (config.server.listeners.length === 0 && config.authorizer === null)
    throw new CommandError(
      'rolegate: nothing listens for requests: give "server.listen" an address, or add "authorizer"',
    );
  let reloader: Reloader | null = null;
  let candidate: Reloader | null = null;
  /** The result of applying the last valid configuration. */
  let applied: ReturnType<Served['apply']> = [];
  let configJson = shownConfig(config, settings);
  const showConfig = () => configJson;
  const gateway = await createServed(config, source, showConfig, async () => {
    const problems = reloader?.reload() ?? [];
    return problems.length > 0 ? problems : await applied;
  });
  const comparison = createReloadComparison(programOf(), { source, digest: config.digest }, gateway.changed);
  const ended = untilSignal({
    reload: () => {
      reloader?.reload();
    },
    close: (delayed) => {
      reloader?.close();
      candidate?.close();
      comparison.close();
      return gateway.close(delayed);
    },
  });
  try {
    await gateway.start();
  } catch (error) {
    await gateway.close().catch(() => {});
    throw isForPeople(error) ? new CommandError(error.message) : error;
  }
  const events = {
    apply: (next: Config, from: ConfigSource, settingsOfNext: Settings) => {
      applied = Promise.resolve(gateway.apply(next, from)).then((problems) => {
        if (problems.length > 0) return problems;
        comparison.reloaded({ source: from, digest: next.digest });
        configJson = shownConfig(next, settingsOfNext);
        return problems;
      });
      candidate?.reload();
    },
    refused: (problems: readonly ConfigProblem[]) => gateway.refuseReload(problems),
  };
  reloader = createReloader(options.config, events, 1000, process.env, watched, readAtMs);
  if (options.shadow !== undefined) {
    // An invalid candidate is only reported: it never prevents the gateway from serving.
    const compared = {
      apply: (next: Config, from: ConfigSource) => gateway.useCandidate(next, from),
      refused: (problems: readonly ConfigProblem[]) => gateway.refuseCandidate(problems),
    };
    candidate = createReloader(options.shadow, compared);
    candidate.reload();
  }
  // Last, so that no reload is requested before there is a reloader.
  gateway.warn(await warningsOf(config, places));
  // Releases the texts of the files.
  places = null;
  const gaveUp = gateway.gaveUp?.then(async (why) => {
    await gateway.close().catch(() => {});
    throw new CommandError(why);
  });
  return (await (gaveUp === undefined ? ended : Promise.race([ended, gaveUp]))) as ExitCode;
}

/**
 * JSON of each setting as an author would write it, with secrets masked. Created once, after the configuration is loaded: with thousands of
 * routes, each request for it would delay all others.
 */
function shownConfig({ digest, server }: Config, settings: Settings): string {
  if (server.admin === null) return '';
  const members = settings().map(
    ({ path, shown: text }) => `${JSON.stringify(path.join('.'))}:${JSON.stringify(text)}`,
  );
  return `{"digest":"${digest}","settings":{${members.join()}}}`;
}

async function createServed(
  config: Config,
  source: ConfigSource,
  showConfig: () => string,
  reload: Reload,
): Promise<Served> {
  const { workers: wanted } = config.server;
  const workers = wanted === 'auto' ? availableParallelism() : wanted;
  const options = {
    version,
    reload,
    showConfig,
  };
  if (workers === 1) {
    const gateway = createGateway(config, options);
    return {
      ...gateway,
      apply(next) {
        gateway.apply(next);
        return [];
      },
    };
  }
  const { createSupervisor } = await import('../app/workers/supervisor.ts');
  return createSupervisor(config, { ...options, source, workers, program: programOf() });
}

/** What starts further processes of this program. */
function programOf(): string {
  return process.argv[1] ?? process.execPath;
}

function isForPeople(error: unknown): error is Error {
  if (error instanceof ListenError) return true;
  return (
    error instanceof Error && ['WorkerStartError', 'NotShareableError', 'ServedElsewhereError'].includes(error.name)
  );
}

function readRecorded(file: string) {
  const { result, source, watched } = loadRecorded(file, process.env);
  if (!result.ok) failRead(file, result.problems);
  return { ...result, source, watched };
}

/** The gateway serves before its configuration is analyzed. */
async function warningsOf(config: Config, places: Places): Promise<readonly ConfigProblem[]> {
  const { placedWarnings } = await import('../app/place-findings.ts');
  return placedWarnings(config, places);
}
