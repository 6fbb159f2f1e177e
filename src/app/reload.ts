/**
 * Keeps a running gateway in step with its files: on change, on SIGHUP, through the admin port. A file with problems
 * changes nothing: the last good configuration stays, and the problems are reported.
 */
import type { Config } from '../config/config.ts';
import type { ConfigSource } from '../config/config-source.ts';
import { loadRecorded } from '../config/load-config.ts';
import type { ConfigProblem } from '../config/yaml/problem.ts';
import { watchFiles } from './watch-files.ts';

export interface ReloadEvents {
  /** Takes a configuration without problems into use, whole or, when it throws, not at all. */
  apply(config: Config, source: ConfigSource): void;
  /** Nothing was changed. */
  refused(problems: readonly ConfigProblem[]): void;
}

/** The parts of a configuration that name further files to watch. */
type Watched = Pick<Config, 'include' | 'authorizer' | 'lists'>;

export interface Reloader {
  /** Reads the file now. The problems that kept it from being applied; none when it was. */
  reload(): readonly ConfigProblem[];
  close(): void;
}

/**
 * Looks at the file, at those that it includes, at its lists, and at certificates that it serves, every `intervalMs`: by polling, since mounted
 * files change through links that no event follows. `first` is in use, and was read at `readAtMs`.
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
      events.apply(result.config, source);
      return [];
    } catch {
      // Whatever it was, a running gateway goes on with what it has.
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

/** Files of certificates and keys that the process serves, of which a renewed one has to count. */
function certificatesOf({ authorizer }: Watched): readonly string[] {
  return authorizer?.grpc?.tls?.files ?? [];
}

/** Of a configuration without problems of its own. */
export function notUsable(file: string): ConfigProblem {
  const message = 'the configuration is valid, but could not be taken into use';
  return { file, line: 1, column: 1, message, hint: 'validate it, and try it with a new process', frame: '' };
}
