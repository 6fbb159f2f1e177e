/**
 * Applies changes of files to a running gateway: on change, on SIGHUP, through the admin port. A file with problems changes nothing: the
 * last good configuration stays, and the problems are reported.
 */
import type { Config } from '../config/config.ts';
import type { ConfigSource, WatchedFiles } from '../config/config-files.ts';
import { loadRecorded } from '../config/load-config.ts';
import type { ValidConfig } from '../config/parse-config.ts';
import type { Settings } from '../config/settings.ts';
import type { ConfigProblem } from '../config/yaml/problem.ts';
import { watchFiles } from './watch-files.ts';

export interface ReloadEvents {
  /** Applies a valid configuration, completely or, if it throws, not at all. */
  apply(config: Config, source: ConfigSource, settings: Settings): void;
  /** Nothing was changed. */
  refused(problems: readonly ConfigProblem[]): void;
}

export interface Reloader {
  /** Reads the file now. Returns the problems that prevented its use; empty if it was applied. */
  reload(): readonly ConfigProblem[];
  close(): void;
}

/**
 * Checks the file, its included files, lists and certificates every `intervalMs`. It polls, because mounted files change through links that
 * cause no event. `first`: what to watch besides the file, of the configuration in use, which was read at `readAtMs`.
 */
export function createReloader(
  file: string,
  events: ReloadEvents,
  intervalMs = 1000,
  env = process.env,
  first: WatchedFiles = { names: [], patterns: [] },
  readAtMs?: number,
): Reloader {
  /** Of the last valid configuration: a problem may prevent that its certificates and lists are read. */
  let last = first;
  const reload = (): readonly ConfigProblem[] => {
    const startedAtMs = Date.now();
    const { result, source, watched } = loadRecorded(file, env);
    if (result.ok) last = watched;
    const both = (key: keyof WatchedFiles) => [...new Set([...watched[key], ...last[key]])];
    files.watch({ names: both('names'), patterns: both('patterns') }, startedAtMs);
    const problems = result.ok ? apply(result, source) : result.problems;
    if (problems.length > 0) events.refused(problems);
    return problems;
  };
  const apply = ({ config, settings }: ValidConfig, source: ConfigSource): readonly ConfigProblem[] => {
    try {
      events.apply(config, source, settings);
      return [];
    } catch {
      // Whatever the error, a running gateway continues with its configuration.
      return [notUsable(file)];
    }
  };
  const files = watchFiles(file, intervalMs, reload);
  files.watch(first, readAtMs);
  return {
    reload,
    close() {
      files.close();
    },
  };
}

/** For a configuration without problems of its own. */
export function notUsable(file: string): ConfigProblem {
  const message = 'the configuration is valid, but the gateway could not apply it';
  return { file, line: 1, column: 1, message, hint: 'validate it, and try it with a new process', frame: '' };
}
