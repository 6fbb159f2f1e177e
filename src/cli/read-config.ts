/** Loads a configuration for a command; all problems are printed, and end the command. */
import { existsSync } from 'node:fs';
import pc from 'picocolors';
import { isMap, parseDocument } from 'yaml';
import type { Config } from '../config/config.ts';
import type { TestFiles } from '../config/config-files.ts';
import { formatProblems } from '../config/format-problems.ts';
import { loadAuthApiRecorded, loadConfig } from '../config/load-config.ts';
import type { ValidConfig } from '../config/parse-config.ts';
import { readBounded } from '../config/read-bounded.ts';
import type { ConfigProblem } from '../config/yaml/problem.ts';
import { maxFile } from '../config/yaml/read-yaml.ts';
import { CommandError } from './exit-code.ts';

export function readConfig(file: string, env: NodeJS.ProcessEnv = process.env): Config {
  return readPlaced(file, { env }).config;
}

/** The configuration with the positions of its parts; `tests`: which test files are also read. */
export function readPlaced(
  file: string,
  { env = process.env, tests = 'none' }: { readonly env?: NodeJS.ProcessEnv; readonly tests?: TestFiles } = {},
): Omit<ValidConfig, 'ok'> {
  const result = loadConfig(file, env, tests);
  if (!result.ok) failRead(file, result.problems);
  return result;
}

const firstSteps = `
"rolegate init http://127.0.0.1:3000" writes a first configuration for the service at that address.
"rolegate demo" runs a complete system and needs no file.
`;

/** The Auth API's own file. */
export function readAuthApiFile(file: string, env: NodeJS.ProcessEnv = process.env) {
  return readAuthApiRecorded(file, env).config;
}

/** With the files to watch besides the main one. */
export function readAuthApiRecorded(file: string, env: NodeJS.ProcessEnv = process.env) {
  const { result, watched } = loadAuthApiRecorded(file, env);
  if (!result.ok) throw problemsError(result.problems);
  return { config: result.config, watched };
}

/** Used to recognize the kind of a file. Empty: unreadable, which its loader reports. */
export function topLevelKeys(file: string): ReadonlySet<string> {
  try {
    const text = new TextDecoder().decode(readBounded(file, maxFile));
    const { contents } = parseDocument(text, { logLevel: 'silent' });
    return new Set(isMap(contents) ? contents.items.map(({ key }) => String(key)) : []);
  } catch {
    return new Set();
  }
}

export function problemsError(problems: readonly ConfigProblem[], more = ''): CommandError {
  return new CommandError(formatProblems(problems, { color: pc.isColorSupported }) + more);
}

/** If there is no file, the user may be new to Rolegate. */
export function failRead(file: string, problems: readonly ConfigProblem[]): never {
  throw problemsError(problems, existsSync(file) ? '' : firstSteps);
}
