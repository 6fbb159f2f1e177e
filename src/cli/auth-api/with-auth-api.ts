/**
 * Opens the Auth API of a configuration for administration: its database and Redis, without a port and without mail. Its settings are in
 * its own file, or under `authApi.embedded` of a gateway's.
 */
import type { AuthApi } from '../../auth-api/auth-api.ts';
import { createAuthApi } from '../../auth-api/create-auth-api.ts';
import type { AuthApiLog } from '../../auth-api/events.ts';
import type { AuthApiSettings } from '../../config/config.ts';
import { connectRedis } from '../../redis/connect-redis.ts';
import { CommandError } from '../exit-code.ts';
import { readAuthApiFile, readConfig, topLevelKeys } from '../read-config.ts';

/** Closes it regardless of the result of `use`. Throws a `CommandError` if it cannot be opened. */
export async function withAuthApi<Result>(configFile: string, use: (api: AuthApi) => Promise<Result>): Promise<Result> {
  const settings = readSettings(configFile);
  if (settings.database === ':memory:') {
    throw new CommandError(`${configFile}: the database is in memory, so nothing would be saved`);
  }
  let api: AuthApi;
  try {
    api = await createAuthApi({ settings: { ...settings, outbox: 'none', mail: null }, log, connectRedis });
  } catch (error) {
    throw new CommandError(`the database cannot be opened: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    return await use(api);
  } finally {
    await api.close();
  }
}

/** Only messages for the person at the terminal. */
const log: AuthApiLog = {
  info: () => {},
  warn: (_fields, message) => process.stderr.write(`${message}\n`),
  error: (_fields, message) => process.stderr.write(`${message}\n`),
};

/** Throws a `CommandError` with every problem of the file, or if it refers to an external Auth API. */
export function readSettings(file: string, env: NodeJS.ProcessEnv = process.env): AuthApiSettings {
  const keys = topLevelKeys(file);
  if (gatewayKeys.some((key) => keys.has(key))) {
    const { authApi } = readConfig(file, env);
    if (authApi?.kind === 'embedded') return authApi.embedded;
    const message = authApi === null ? 'has no Auth API' : 'uses an external Auth API (authApi.url)';
    throw new CommandError(`${file} ${message}: give the file of the Auth API`);
  }
  return readAuthApiFile(file, env).settings;
}

/** Of the pages on which users of this file's Auth API add passkeys; null: there are none. Throws as `readSettings` does. */
export function readPagesOrigin(file: string): string | null {
  const keys = topLevelKeys(file);
  if (!keys.has('signIn')) return null;
  const { signIn } = readConfig(file);
  return signIn?.accounts?.passkeys === true ? signIn.origin : null;
}

/** Only a gateway's file has them. */
const gatewayKeys = ['authApi', 'sources', 'routes', 'upstreams'];
