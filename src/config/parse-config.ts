/**
 * YAML text to the compiled configuration, or to every problem of the file at once. Never throws for a text: a file
 * that cannot be used is an ordinary outcome, and the caller keeps what it had.
 */

import { type Check, createCheck } from './checks/check.ts';
import { checkAuthApiSettings } from './checks/check-auth-settings.ts';
import { checkRoles } from './checks/check-roles.ts';
import { checkRoutes } from './checks/check-routes.ts';
import { readBearerSecret, readKeySecret, readRedisUrl } from './checks/check-secrets.ts';
import {
  checkAuthApi,
  checkCredentials,
  checkIdentityHeaders,
  checkServer,
  checkUpstreams,
} from './checks/check-sections.ts';
import { compileConfig, type Secrets } from './compile-config.ts';
import { compileSettings } from './compile-settings.ts';
import type { Address, AuthApiSettings, Config } from './config.ts';
import { deepFreeze } from './deep-freeze.ts';
import { type ConfigProblem, createProblemList, type ProblemList } from './problem.ts';
import { planOf } from './read-plan.ts';
import { readValue } from './read-value.ts';
import { type AuthApiFile, authApiFileSchema, type ConfigFile, configSchema, type Parts } from './schema.ts';
import { createLineIndex } from './yaml/line-index.ts';
import { readYaml } from './yaml/read-yaml.ts';

export interface ParseOptions {
  /** Name for problems. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of a secret file; throws when it cannot be read. */
  readonly readSecret: (path: string) => string;
}

export type ConfigResult = { readonly ok: true; readonly config: Config } | ProblemResult;

export type AuthApiFileResult =
  | { readonly ok: true; readonly config: { readonly listen: Address; readonly settings: AuthApiSettings } }
  | ProblemResult;

export interface ProblemResult {
  readonly ok: false;
  /** At least one, in the order of the file. */
  readonly problems: readonly ConfigProblem[];
}

/** Reads a gateway's file. The configuration is frozen, its maps and sets apart. */
export function parseConfig(text: string, options: ParseOptions): ConfigResult {
  const opened = open<ConfigFile>(configSchema, text, options);
  const { list, check, parts } = opened;
  if (parts === null || check === null) return { ok: false, problems: list.problems() };
  checkServer(parts.server, check);
  checkAuthApi(parts.authApi, check);
  checkCredentials(parts, check);
  checkIdentityHeaders(parts, check);
  checkUpstreams(parts.upstreams, check);
  const secrets = readSecrets(parts, check);
  const routes = checkRoutes(parts, checkRoles(parts.roles, check), check);
  if (routes === null || list.count() > 0) return { ok: false, problems: list.problems() };
  // Without a problem nothing is missing.
  return { ok: true, config: deepFreeze(compileConfig(parts as ConfigFile, routes, secrets)) };
}

/** Reads the Auth API's own file: `listen`, and the keys that `authApi.embedded` has. */
export function parseAuthApiFile(text: string, options: ParseOptions): AuthApiFileResult {
  const { list, check, parts } = open<AuthApiFile>(authApiFileSchema, text, options);
  if (parts === null || check === null) return { ok: false, problems: list.problems() };
  const secrets = checkAuthApiSettings(parts, [], check);
  if (secrets === null || list.count() > 0) return { ok: false, problems: list.problems() };
  const file = parts as AuthApiFile;
  const settings = compileSettings(file, secrets, file.trustedProxies);
  return { ok: true, config: deepFreeze({ listen: file.listen, settings }) };
}

interface Opened<File> {
  readonly list: ProblemList;
  readonly check: Check | null;
  readonly parts: Parts<File> | null;
}

function open<File>(schema: Parameters<typeof planOf>[0], text: string, options: ParseOptions): Opened<File> {
  const lines = createLineIndex(text);
  const list = createProblemList(options.file, text, lines);
  const root = readYaml(text, options.env, list);
  if (root === null) return { list, check: null, parts: null };
  const parts = readValue(planOf(schema), root, list.report);
  if (parts === undefined) return { list, check: null, parts: null };
  return { list, check: createCheck(root, lines, list, options.readSecret), parts: parts as Parts<File> };
}

function readSecrets(parts: Parts<ConfigFile>, check: Check): Secrets {
  const { server, cache, authApi } = parts;
  if (check.has(['cache', 'redis']) && !check.has(['cache', 'secret'])) {
    const hint = `replicas share verdicts under it: "secret: \${ROLEGATE_CACHE_SECRET}"`;
    check.atKey(['cache', 'redis'], '"cache.secret" is needed with Redis', hint);
  }
  return {
    admin: readBearerSecret(server?.adminToken, ['server', 'adminToken'], check),
    cache: readKeySecret(cache?.secret, ['cache', 'secret'], check),
    redisUrl: readRedisUrl(cache?.redis?.url, ['cache', 'redis', 'url'], check),
    authApi:
      authApi?.embedded === undefined ? null : checkAuthApiSettings(authApi.embedded, ['authApi', 'embedded'], check),
  };
}
