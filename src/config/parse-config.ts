/**
 * Turns YAML text into the compiled configuration, or into all problems of the file. Never throws for a text: an invalid file is an
 * ordinary result, and the caller keeps its configuration.
 */
import { dirname } from 'node:path';
import { readAdminTokens } from './checks/check-admin-tokens.ts';
import { checkAuthApiSettings } from './checks/check-auth-settings.ts';
import { checkDecisionOnly, decidesFor } from './checks/check-authorizer.ts';
import { checkIdentityAssertion } from './checks/check-identity-assertion.ts';
import { claimTable } from './checks/check-identity-claims.ts';
import { checkRedis } from './checks/check-redis.ts';
import { checkRoleOrigins, checkRoles, formOf, tableOf } from './checks/check-roles.ts';
import { checkRoutes } from './checks/check-routes.ts';
import {
  readBearerSecret,
  readBearerSecrets,
  readCacheSecrets,
  readHeaderSecrets,
  readWebhookSecrets,
} from './checks/check-secrets.ts';
import { checkSections } from './checks/check-sections.ts';
import { readSourceFiles } from './checks/check-sources.ts';
import { checkTests } from './checks/check-tests.ts';
import { checkClientTls, checkServerTls } from './checks/check-tls.ts';
import { checkSourceUsers, checkUserIds } from './checks/check-user-naming.ts';
import { type Location, whole } from './checks/location.ts';
import type { RuleFile } from './checks/rule-file.ts';
import { claimedSources } from './claimed-identity.ts';
import { compileConfig, type Secrets } from './compile-config.ts';
import { compileSettings, compileTracing, trustedRanges } from './compile-settings.ts';
import { namingOf, sourceRuleOf } from './compile-sources.ts';
import type { Address, AuthApiSettings, Config, TracingConfig } from './config.ts';
import { digestOf } from './config-digest.ts';
import { deepFreeze } from './deep-freeze.ts';
import { ListFiles, noLists, type ReadList } from './list-files.ts';
import { openFile } from './open-file.ts';
import { openIncluded, openTests, type ReadIncluded, type ReadTests } from './open-further.ts';
import { createPlaces, type Places } from './places.ts';
import { inUnits } from './schema/in-units.ts';
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
import { type Settings, settingsOf } from './settings.ts';
import { isThisMachine } from './units/mail.ts';
import type { ConfigProblem } from './yaml/problem.ts';

export interface ParseOptions {
  /** Name for problems. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of a secret file; throws if it cannot be read. */
  readonly readSecret: (path: string) => string;
  /** The rules are used inside an application, so no setting may need the proxy. */
  readonly inProcess?: boolean;
  /** Files of an `include` pattern; if unset: none can be included. */
  readonly readIncluded?: ReadIncluded;
  /** Lists of conditions in files; if unset: none can be read. */
  readonly readList?: ReadList;
  /** Test files; if unset: none. */
  readonly readTests?: ReadTests;
}

export type ConfigResult =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly places: Places;
      /** Every key with its value and class, for comparisons; routes of included files as those of the main one. */
      readonly settings: Settings;
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
        /** It listens beyond this machine, and no peer may report clients: behind a gateway, all of them count as one. */
        readonly clientsUnknown: boolean;
        /** `X-Forwarded-For` of every peer is trusted. */
        readonly trustEveryPeer: boolean;
        /** Null: nothing is traced. */
        readonly tracing: TracingConfig | null;
      };
    }
  | ProblemResult;

export interface ProblemResult {
  readonly ok: false;
  /** At least one, in the order of each file, the main one first. */
  readonly problems: readonly ConfigProblem[];
}

/** Reads a gateway's file. The configuration is frozen, except its maps and sets. */
export function parseConfig(text: string, options: ParseOptions): ConfigResult {
  const lists = new ListFiles(options.readList ?? noLists);
  const own = { ...options, lists };
  const { list, opened } = openFile<ConfigFile>(configSchema, options.file, text, own);
  if (opened === null) return { ok: false, problems: list.problems() };
  const { at, parts } = opened;
  checkSections(parts, at);
  const decider = decidesFor(parts, options.inProcess ?? false);
  checkDecisionOnly(parts, decider, at);
  const secrets = readSecrets(parts, at);
  // Other people may write these: they may use a variable, which can be a secret, only if the main file lists it.
  const shared = { ...own, ownsLists: false, allowed: new Set(whole(parts.includedVariables)) };
  const included = openIncluded(parts.include ?? [], at.at('include'), options.readIncluded, (file, content) =>
    openFile<IncludedFile>(includedSchema, file, content, shared),
  );
  const { routes, tests } = parts;
  const main: RuleFile = { file: options.file, at, routes, tests, testsAt: at.at('tests'), owns: undefined };
  const files = [main, ...included.files];
  const roles = checkRoles(parts.roles, at.at('roles'));
  const formOfRole = (role: string) => formOf(role, roles);
  const naming = namingOf(parts, formOfRole);
  checkSourceUsers(parts, naming, roles, at);
  const roleMapping = checkRoleOrigins(parts.roles, naming, at.at('roles'));
  const { table, ids, words, policies, places } = checkRoutes({ parts, roles, naming, files, decider }, at);
  const testFiles = openTests(files, options.readTests, (file, content) =>
    openFile<TestFile>(testFileSchema, file, content, shared),
  );
  if (table !== null && list.count() === 0) {
    const rule = sourceRuleOf(parts as ConfigFile);
    checkUserIds({ parts, naming, rule, decider, routes: table.routes, places, roleMapping }, at);
  }
  const sources = list.count() > 0 ? null : claimedSources(parts as ConfigFile, secrets.sources, formOfRole);
  const suite = checkTests([...files, ...testFiles.files], {
    roles,
    claims: claimTable(parts),
    roleMapping,
    routeIds: ids,
    words,
    sources,
  });
  const problems = [
    ...(list.count() > 0 ? list.problems() : []),
    ...included.problems(),
    ...testFiles.problems(),
    ...lists.problems(),
  ];
  if (table === null || problems.length > 0) return { ok: false, problems };
  // Without problems, all values are present.
  const rules = {
    routes: table,
    roles: tableOf(roles),
    formOf: formOfRole,
    policies,
    roleMapping,
    tests: suite,
    lists: lists.names,
  };
  const config = deepFreeze({
    ...compileConfig(parts as ConfigFile, rules, secrets, dirname(options.file)),
    digest: digestOf(
      files.map((file) => file.at.file.root),
      lists.contents,
    ),
  });
  const settings: Settings = (without = []) => {
    const routes = files.flatMap((file) => file.routes ?? []);
    const left = Object.entries({ ...parts, routes }).filter(([section]) => !without.includes(section));
    return settingsOf(configSchema, Object.fromEntries(left));
  };
  return {
    ok: true,
    config,
    places: createPlaces(
      at,
      places,
      policies.map(({ id }) => id),
    ),
    settings,
  };
}

/** Reads the Auth API's own file: `listen`, and the keys that `authApi.embedded` has. */
export function parseAuthApiFile(text: string, options: ParseOptions): AuthApiFileResult {
  const { list, opened } = openFile<AuthApiFile>(authApiFileSchema, options.file, text, options);
  if (opened === null) return { ok: false, problems: list.problems() };
  const { at, parts } = opened;
  const secrets = checkAuthApiSettings(parts, at);
  const gatewaySecrets = readBearerSecrets(parts.gatewaySecret, at.at('gatewaySecret'));
  const tracingHeaders = readHeaderSecrets(parts.tracing?.headers, at.at('tracing', 'headers'));
  if (secrets === null || list.count() > 0) return { ok: false, problems: list.problems() };
  const file = parts as AuthApiFile;
  const { listen, metrics = null, trustEveryPeer } = file;
  const trustedProxies = trustedRanges(file);
  const settings = compileSettings(file, secrets, { gatewaySecrets, trustedProxies });
  const clientsUnknown = !isThisMachine(listen.host) && gatewaySecrets.length + trustedProxies.length === 0;
  const tracing = compileTracing(inUnits(authApiFileSchema.shape.tracing, file.tracing), tracingHeaders);
  return { ok: true, config: deepFreeze({ listen, metrics, settings, clientsUnknown, trustEveryPeer, tracing }) };
}

function readSecrets(parts: Parts<ConfigFile>, at: Location): Secrets {
  const { server, authorizer, cache, authApi, sources, revocations, tracing } = parts;
  const embedded = authApi?.embedded;
  return {
    gateway: readBearerSecret(authApi?.gatewaySecret, at.at('authApi', 'gatewaySecret')),
    authorizer: readBearerSecret(authorizer?.secret, at.at('authorizer', 'secret')),
    authorizerTls: checkServerTls(authorizer?.grpc?.tls, at.at('authorizer', 'grpc', 'tls')),
    admin: readAdminTokens(server, at.at('server')),
    assertionKeys: checkIdentityAssertion(parts, at),
    webhooks: readWebhookSecrets(revocations?.webhookSecret, at.at('revocations', 'webhookSecret')),
    tracingHeaders: readHeaderSecrets(tracing?.headers, at.at('tracing', 'headers')),
    ...readCacheSecrets(cache, at.at('cache')),
    redis: checkRedis(cache?.redis, at.at('cache', 'redis')),
    authApiTls: checkClientTls(authApi?.tls, at.at('authApi', 'tls')),
    sources: readSourceFiles(sources, at.at('sources')),
    authApi: embedded === undefined ? null : checkAuthApiSettings(embedded, at.at('authApi', 'embedded')),
  };
}
