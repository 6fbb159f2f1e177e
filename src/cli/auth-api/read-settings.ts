/** Finds the settings of the Auth API, in its own file or under `authApi.embedded` of a gateway's. */
import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import type { AuthApiSettings } from '../../config/config.ts';
import { CommandError } from '../exit-code.ts';
import { readAuthApiFile, readConfig } from '../read-config.ts';

/** Throws a `CommandError` with every problem of the file, or when it speaks of an Auth API elsewhere. */
export function readSettings(file: string, env: NodeJS.ProcessEnv = process.env): AuthApiSettings {
  if (isGatewayFile(file)) {
    const { authApi } = readConfig(file, env);
    if (authApi?.kind === 'embedded') return authApi.embedded;
    const message = authApi === null ? 'has no Auth API' : 'names an Auth API elsewhere (authApi.url)';
    throw new CommandError(`${file} ${message}: give the file of that one`);
  }
  return readAuthApiFile(file, env).settings;
}

/** By keys that only a gateway's file has. What cannot be read is reported by the loader. */
function isGatewayFile(file: string): boolean {
  try {
    const document = parseDocument(readFileSync(file, 'utf8'), { logLevel: 'silent' });
    return ['authApi', 'sources', 'routes', 'upstreams'].some((key) => document.has(key));
  } catch {
    return false;
  }
}
