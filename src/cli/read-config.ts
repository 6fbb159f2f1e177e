/** Loads a configuration for a command; problems are printed whole and end the command. */
import pc from 'picocolors';
import type { Config } from '../config/config.ts';
import { formatProblems } from '../config/format-problems.ts';
import { loadConfig } from '../config/load-config.ts';
import { CommandError } from './exit-code.ts';

export function readConfig(file: string, env: NodeJS.ProcessEnv = process.env): Config {
  const result = loadConfig(file, env);
  if (!result.ok) throw new CommandError(formatProblems(result.problems, { color: pc.isColorSupported }));
  return result.config;
}
