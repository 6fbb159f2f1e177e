/**
 * YAML text to the compiled configuration, or to every problem of the file at once. Never throws for a text: a file
 * that cannot be used is an ordinary outcome, and the caller keeps what it had.
 */
import { dirname } from 'node:path';
import type { Check } from './checks/check.ts';
import { checkAuthApiSettings } from './checks/check-auth-settings.ts';
import { checkRedis } from './checks/check-redis.ts';
import { checkRoleOrigins } from './checks/check-role-origins.ts';
import { checkRoles } from './checks/check-roles.ts';
import { checkRoutes } from './checks/check-routes.ts';
import { readBearerSecret, readBearerSecrets, readKeySecret, readPreviousSecrets } from './checks/check-secrets.ts';
import {
  checkAuthApi,
  checkAuthApiPorts,
  checkCredentials,
  checkIdentityHeaders,
  checkServer,
  checkTrusted,
  checkUpstreams,
} from './checks/check-sections.ts';
import { checkTests } from './checks/check-tests.ts';
import { readWebhookSecrets } from './checks/check-webhooks.ts';
import type { RuleFile } from './checks/rule-file.ts';
import { compileConfig, type Secrets } from './compile-config.ts';
import { compileSettings, trustedRanges } from './compile-settings.ts';
import type { Address, AuthApiSettings, Config } from './config.ts';
import { deepFreeze } from './deep-freeze.ts';
import { openFile } from './open-file.ts';
import { openIncluded, type ReadIncluded } from './open-included.ts';
import { openTests, type ReadTests } from './open-tests.ts';
import { createPlaces, type Places } from './places.ts';
import type { ConfigProblem } from './problem.ts';
import {
  type AuthApiFile,
  authApiFileSchema,
  type ConfigFile,
  configSchema,
  type IncludedFile,
  includedSchema,
  type Parts,
  type TestFile,
  testFileSchema,
} from './schema.ts';
import { type Setting, settingsOf } from './settings.ts';
import { isThisMachine } from './units/parse-smtp-url.ts';

export interface ParseOptions {
  /** Name for problems. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of a secret file; throws when it cannot be read. */
  readonly readSecret: (path: string) => string;
  /** Files of an `include` pattern; left out: none can be included. */
  readonly readIncluded?: ReadIncluded;
  /** Files that hold tests alone; left out: there are none. */
  readonly readTests?: ReadTests;
}

export type ConfigResult =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly places: Places;
      /** Every key with its value and class, for comparisons; routes of included files as those of the main one. */
      readonly settings: () => readonly Setting[];
    }
  | ProblemResult;

export type AuthApiFileResult =
  | {
      readonly ok: true;
      readonly config: {
        readonly listen: Address;
        /** Null: no metrics. */
        readonly metrics: Address | null;
        readonly settings: AuthApiSettings;
        /** It listens beyond this machine, and no peer may name clients: behind a gateway all of them are one. */
        readonly clientsUnknown: boolean;
        /** `X-Forwarded-For` of every peer is believed. */
        readonly trustEveryPeer: boolean;
      };
    }
  | ProblemResult;

export interface ProblemResult {
  readonly ok: false;
  /** At least one, in the order of each file, the main one first. */
  readonly problems: readonly ConfigProblem[];
}

/** Reads a gateway's file. The configuration is frozen, its maps and sets apart. */
export function parseConfig(text: string, options: ParseOptions): ConfigResult {
  const { list, check, parts } = openFile<ConfigFile>(configSchema, options.file, text, options);
  if (parts === null || check === null) return { ok: false, problems: list.problems() };
  checkServer(parts.server, check);
  checkAuthApi(parts.authApi, check);
  checkCredentials(parts, check);
  checkIdentityHeaders(parts, check);
  checkUpstreams(parts, check);
  const secrets = readSecrets(parts, check);
  // Other people may write these: they get no variable, which can be a secret, unless the main file lists it.
  const shared = { ...options, allowed: new Set(parts.includedVariables?.filter((name) => name !== undefined)) };
  const included = openIncluded(parts.include, check, options.readIncluded, (file, content) =>
    openFile<IncludedFile>(includedSchema, file, content, shared),
  );
  const { routes, tests } = parts;
  const files: readonly RuleFile[] = [
    { file: options.file, check, routes, tests, testsAt: ['tests'], owns: undefined },
    ...included.files,
  ];
  const roles = checkRoles(parts.roles, check);
  const roleMapping = checkRoleOrigins(parts.roles, check);
  const { table, ids, words, places } = checkRoutes(parts, roles, files, check);
  const testFiles = openTests(files, options.readTests, (file, content) =>
    openFile<TestFile>(testFileSchema, file, content, shared),
  );
  const suite = checkTests([...files, ...testFiles.files], { roles, roleMapping, routeIds: ids, words });
  const problems = [...(list.count() > 0 ? list.problems() : []), ...included.problems(), ...testFiles.problems()];
  if (table === null || problems.length > 0) return { ok: false, problems };
  // Without a problem nothing is missing.
  const rules = { routes: table, roleMapping, tests: suite };
  const folder = dirname(options.file);
  const config = deepFreeze(compileConfig(parts as ConfigFile, rules, secrets, folder));
  const settings = () => settingsOf(configSchema, { ...parts, routes: files.flatMap((file) => file.routes ?? []) });
  return { ok: true, config, places: createPlaces(check, places), settings };
}

/** Reads the Auth API's own file: `listen`, and the keys that `authApi.embedded` has. */
export function parseAuthApiFile(text: string, options: ParseOptions): AuthApiFileResult {
  const { list, check, parts } = openFile<AuthApiFile>(authApiFileSchema, options.file, text, options);
  if (parts === null || check === null) return { ok: false, problems: list.problems() };
  checkTrusted(parts, [], check);
  const secrets = checkAuthApiSettings(parts, [], check);
  checkAuthApiPorts(parts, check);
  const gatewaySecrets = readBearerSecrets(parts.gatewaySecret, ['gatewaySecret'], check);
  if (secrets === null || list.count() > 0) return { ok: false, problems: list.problems() };
  const file = parts as AuthApiFile;
  const { listen, metrics = null, trustEveryPeer } = file;
  const trustedProxies = trustedRanges(file);
  const settings = compileSettings(file, secrets, { gatewaySecrets, trustedProxies });
  const clientsUnknown = !isThisMachine(listen.host) && gatewaySecrets.length + trustedProxies.length === 0;
  return { ok: true, config: deepFreeze({ listen, metrics, settings, clientsUnknown, trustEveryPeer }) };
}

function readSecrets(parts: Parts<ConfigFile>, check: Check): Secrets {
  const { server, cache, authApi } = parts;
  return {
    gateway: readBearerSecret(authApi?.gatewaySecret, ['authApi', 'gatewaySecret'], check),
    admin: readBearerSecret(server?.adminToken, ['server', 'adminToken'], check),
    webhooks: readWebhookSecrets(parts.revocations?.webhookSecret, ['revocations', 'webhookSecret'], check),
    ...readCacheSecrets(cache, check),
    redis: checkRedis(cache?.redis, ['cache', 'redis'], check),
    authApi:
      authApi?.embedded === undefined ? null : checkAuthApiSettings(authApi.embedded, ['authApi', 'embedded'], check),
  };
}

/** Each is one more look in Redis for whoever is not known, and one more name in the message that revokes a credential. */
const maxPreviousSecrets = 8;

function readCacheSecrets(cache: Parts<ConfigFile>['cache'], check: Check): Pick<Secrets, 'cache' | 'previousCache'> {
  const path = ['cache', 'previousSecret'];
  const hint = `replicas share verdicts under it: "secret: \${ROLEGATE_CACHE_SECRET}"`;
  for (const [key, why] of [
    ['redis', '"cache.secret" is needed with Redis'],
    ['previousSecret', 'an earlier secret is of no use without "cache.secret"'],
  ] as const) {
    if (check.has(['cache', key]) && !check.has(['cache', 'secret'])) check.atKey(['cache', key], why, hint);
  }
  const current = readKeySecret(cache?.secret, ['cache', 'secret'], check);
  const previous = cache?.previousSecret;
  const listed = Array.isArray(previous);
  const sources = listed ? previous : previous === undefined ? [] : [previous];
  const pathOf = (index: number) => (listed ? [...path, index] : path);
  if (sources.length > maxPreviousSecrets) {
    check.atKey(path, `more than ${maxPreviousSecrets} earlier secrets`, 'keep those that a replica may still have');
  }
  return { cache: current, previousCache: readPreviousSecrets(sources, current, pathOf, check) };
}
