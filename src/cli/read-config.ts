/** Loads a configuration for a command; problems are printed whole and end the command. */
import pc from 'picocolors';
import type { Config } from '../config/config.ts';
import { formatProblems } from '../config/format-problems.ts';
import { type LoadResult, loadConfig, type TestFiles } from '../config/load-config.ts';
import { CommandError } from './exit-code.ts';

export function readConfig(file: string, env: NodeJS.ProcessEnv = process.env): Config {
  return readPlaced(file, { env }).config;
}

/** The configuration with where its parts stand; `tests`: which files of tests alone are read too. */
export function readPlaced(
  file: string,
  { env = process.env, tests = 'none' }: { readonly env?: NodeJS.ProcessEnv; readonly tests?: TestFiles } = {},
): Omit<Extract<LoadResult, { ok: true }>, 'ok'> {
  const result = loadConfig(file, env, undefined, tests);
  if (!result.ok) throw new CommandError(formatProblems(result.problems, { color: pc.isColorSupported }));
  return result;
}
