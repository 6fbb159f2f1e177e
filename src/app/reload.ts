/**
 * Applies changes of files to a running gateway: on change, on SIGHUP, through the admin port. A file with problems changes nothing: the
 * last good configuration stays, and the problems are reported.
 */
import type { Config } from '../config/config.ts';
import type { ConfigSource } from '../config/config-source.ts';
import { loadRecorded } from '../config/load-config.ts';
import type { Settings } from '../config/settings.ts';
import type { ConfigProblem } from '../config/yaml/problem.ts';
import { watchFiles } from './watch-files.ts';

export interface ReloadEvents {
  /** Applies a valid configuration, completely or, if it throws, not at all. */
  apply(config: Config, source: ConfigSource, settings: Settings): void;
  /** Nothing was changed. */
  refused(problems: readonly ConfigProblem[]): void;
}

/** The parts of a configuration with further files to watch. */
type Watched = Pick<Config, 'include' | 'authorizer' | 'lists'>;

export interface Reloader {
  /** Reads the file now. Returns the problems that prevented its use; empty if it was applied. */
  reload(): readonly ConfigProblem[];
  close(): void;
}

/**
 * Checks the file, its included files, lists and certificates every `intervalMs`. It polls, because mounted files change through links that
 * cause no event. `first` is in use, and was read at `readAtMs`.
 */
export function createReloader(
  file: string,
  events: ReloadEvents,
  intervalMs = 1000,
  env = process.env,
  first: Watched = { include: [], authorizer: null, lists: [] },
  readAtMs?: number,
): Reloader {
  let certificates = certificatesOf(first);
  const reload = (): readonly ConfigProblem[] => {
    const patterns: string[] = [];
    const startedAtMs = Date.now();
    const loaded = loadRecorded(file, env, (pattern) => patterns.push(pattern));
    if (loaded.result.ok) certificates = certificatesOf(loaded.result.config);
    files.watch([...patterns, ...certificates], startedAtMs);
    const problems = take(loaded);
    if (problems.length > 0) events.refused(problems);
    return problems;
  };
  const take = ({ result, source }: ReturnType<typeof loadRecorded>): readonly ConfigProblem[] => {
    if (!result.ok) return result.problems;
    try {
      if (source === null) throw new Error('a configuration comes from somewhere');
      events.apply(result.config, source, result.settings);
      return [];
    } catch {
      // Whatever the error, a running gateway continues with its configuration.
      return [notUsable(file)];
    }
  };
  const files = watchFiles(file, intervalMs, reload);
  files.watch([...first.include, ...first.lists, ...certificates], readAtMs);
  return {
    reload,
    close() {
      files.close();
    },
  };
}

/** Files of the server's certificates and keys, which must be reloaded when they are renewed. */
function certificatesOf({ authorizer }: Watched): readonly string[] {
  return authorizer?.grpc?.tls?.files ?? [];
}

/** For a configuration without problems of its own. */
export function notUsable(file: string): ConfigProblem {
  const message = 'the configuration is valid, but could not be taken into use';
  return { file, line: 1, column: 1, message, hint: 'validate it, and try it with a new process', frame: '' };
}
