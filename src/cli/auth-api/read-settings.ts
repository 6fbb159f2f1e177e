/** Finds the settings of the Auth API, in its own file or under `authApi.embedded` of a gateway's. */
import { readFileSync } from 'node:fs';
import pc from 'picocolors';
import { parseDocument } from 'yaml';
import type { AuthApiSettings } from '../../config/config.ts';
import { formatProblems } from '../../config/format-problems.ts';
import { loadAuthApiFile } from '../../config/load-config.ts';
import { CommandError } from '../exit-code.ts';
import { readConfig } from '../read-config.ts';

/** Throws a `CommandError` with every problem of the file, or when it speaks of an Auth API elsewhere. */
export function readSettings(file: string, env: NodeJS.ProcessEnv = process.env): AuthApiSettings {
  if (isGatewayFile(file)) {
    const { authApi } = readConfig(file, env);
    if (authApi.kind === 'embedded') return authApi.embedded;
    throw new CommandError(`${file} names an Auth API elsewhere (authApi.url): give the file of that one`);
  }
  const result = loadAuthApiFile(file, env);
  if (!result.ok) throw new CommandError(formatProblems(result.problems, { color: pc.isColorSupported }));
  return result.config.settings;
}

/** By keys that only a gateway's file has. What cannot be read is for the loader to tell. */
function isGatewayFile(file: string): boolean {
  try {
    const document = parseDocument(readFileSync(file, 'utf8'), { logLevel: 'silent' });
    return ['authApi', 'routes', 'upstreams'].some((key) => document.has(key));
  } catch {
    return false;
  }
}
