/**
 * Keeps a running gateway in step with its file: on change, on SIGHUP, through the admin port. A file with problems
 * changes nothing: the last good configuration stays, and the problems are reported.
 */
import { unwatchFile, watchFile } from 'node:fs';
import type { Config } from '../config/config.ts';
import { type LoadResult, loadConfig } from '../config/load-config.ts';
import type { ConfigProblem } from '../config/problem.ts';

export interface ReloadEvents {
  /** A configuration without problems; called before anything else happens to it. */
  apply(config: Config): void;
  /** Nothing was changed. */
  refused(problems: readonly ConfigProblem[]): void;
}

export interface Reloader {
  /** Reads the file now; true when it was applied. */
  reload(): boolean;
  close(): void;
}

/** Looks at the file every `intervalMs`: by polling, since mounted files change through links that no event follows. */
export function createReloader(file: string, events: ReloadEvents, intervalMs = 1000, env = process.env): Reloader {
  const reload = (): boolean => {
    const result: LoadResult = loadConfig(file, env);
    if (result.ok) events.apply(result.config);
    else events.refused(result.problems);
    return result.ok;
  };
  const changed = (
    now: { mtimeMs: number; size: number; ino: number },
    before: { mtimeMs: number; size: number; ino: number },
  ) => {
    if (now.mtimeMs !== before.mtimeMs || now.size !== before.size || now.ino !== before.ino) reload();
  };
  watchFile(file, { interval: intervalMs, persistent: false }, changed);
  return { reload, close: () => unwatchFile(file, changed) };
}
