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
import { checkPasskeyRoles } from './checks/check-passkey-roles.ts';
import { checkRedis } from './checks/check-redis.ts';
import { checkRoleOrigins, checkRoles, formOf } from './checks/check-roles.ts';
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
import { checkClientTls, checkListeners, checkPortTls, checkUpstreamTls } from './checks/check-tls.ts';
import { checkSourceUsers, checkUserIds } from './checks/check-user-naming.ts';
import type { Location } from './checks/location.ts';
import { claimedSources } from './claimed-identity.ts';
import { compileConfig, type Secrets } from './compile-config.ts';
import { compileSettings, compileTracing, trustedRanges } from './compile-settings.ts';
import { namingOf, sourceRuleOf } from './compile-sources.ts';
import type { Address, AuthApiSettings, Config, PortTlsConfig, TracingConfig } from './config.ts';
import { digestOf } from './config-digest.ts';
import type { FileReaders } from './config-files.ts';
import { deepFreeze } from './deep-freeze.ts';
import { type Delegation, delegationOf } from './delegation.ts';
import { openConfig, openFile } from './open-files.ts';
import { createPlaces, type Places } from './places.ts';
import { inUnits } from './schema/in-units.ts';
import { type AuthApiFile, authApiFileSchema, type ConfigFile, configSchema } from './schema.ts';
import { type Settings, settingsOf } from './settings.ts';
import { isThisMachine } from './units/mail.ts';
import type { ConfigProblem } from './yaml/problem.ts';

export interface ParseOptions extends FileReaders {
  /** Name for problems. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The rules are used inside an application, so no setting may need the proxy. */
  readonly inProcess?: boolean;
}

export type ConfigResult = ValidConfig | ProblemResult;

export interface ValidConfig {
  readonly ok: true;
  readonly config: Config;
  readonly places: Places;
  /** Every key with its value and class, for comparisons; routes of included files as those of the main one. */
  readonly settings: Settings;
  readonly delegation: Delegation;
}

export type AuthApiFileResult =
  | {
      readonly ok: true;
      readonly config: {
        readonly listen: Address;
        /** Of `listen`; null: without TLS. */
        readonly tls: PortTlsConfig | null;
        /** Null: no metrics. */
        readonly metrics: Address | null;
        readonly metricsTls: PortTlsConfig | null;
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
  const { file, inProcess = false } = options;
  const opened = openConfig({ file, text }, options);
  if (!('content' in opened)) return { ok: false, problems: opened };
  const { at, content: config, files, testFiles, lists } = opened;
  checkSections(config, at);
  const decider = decidesFor(config, inProcess);
  checkDecisionOnly(config, decider, at);
  const secrets = readSecrets(config, at);
  const roles = checkRoles(config.roles, at.at('roles'));
  checkPasskeyRoles(config, roles, at);
  const formOfRole = (role: string) => formOf(role, roles);
  const naming = namingOf(config, formOfRole);
  checkSourceUsers(config, naming, roles, at);
  const roleMapping = checkRoleOrigins(config.roles, naming, at.at('roles'));
  const { table, ids, words, policies, places } = checkRoutes({ config, roles, naming, files, decider }, at);
  if (table !== null) {
    const rule = sourceRuleOf(config);
    checkUserIds({ config, naming, rule, decider, routes: table.routes, places, roleMapping }, at);
  }
  const tests = checkTests([...files, ...testFiles], {
    roles,
    claims: claimTable(config),
    roleMapping,
    routeIds: ids,
    words,
    sources: claimedSources(config, secrets.sources, formOfRole),
  });
  const problems = opened.problems();
  if (table === null || problems.length > 0) return { ok: false, problems };
  const rules = { routes: table, roles: roles.table, formOf: formOfRole, policies, roleMapping, tests };
  const roots = files.map((one) => one.at.file.root);
  const digest = digestOf(roots, lists.contents);
  const settings: Settings = (without = []) => {
    const sections = Object.entries({ ...config, routes: files.flatMap(({ routes }) => routes) });
    return settingsOf(configSchema, Object.fromEntries(sections.filter(([name]) => !without.includes(name))));
  };
  const policyIds = [...new Set(policies.map(({ id }) => id))];
  return {
    ok: true,
    config: deepFreeze({ ...compileConfig(config, rules, secrets, dirname(file)), digest }),
    places: createPlaces(at, places, policyIds),
    settings,
    delegation: delegationOf(config.teams ?? {}, files),
  };
}

/** Reads the Auth API's own file: `listen`, and the keys that `authApi.embedded` has. */
export function parseAuthApiFile(text: string, options: ParseOptions): AuthApiFileResult {
  const { readSecret, env } = options;
  const opened = openFile<AuthApiFile>(authApiFileSchema, { file: options.file, text }, { readSecret, env });
  if (!('content' in opened)) return { ok: false, problems: opened };
  const { at, content: file } = opened;
  const secrets = checkAuthApiSettings(file, at);
  const gatewaySecrets = readBearerSecrets(file.gatewaySecret, at.at('gatewaySecret'));
  const tracingHeaders = readHeaderSecrets(file.tracing?.headers, at.at('tracing', 'headers'));
  const tls = checkPortTls(file.tls, at.at('tls'));
  const metricsTls = checkPortTls(file.metricsTls, at.at('metricsTls'));
  const problems = at.file.list.problems();
  if (secrets === null || problems.length > 0) return { ok: false, problems };
  const { listen, metrics = null, trustEveryPeer } = file;
  const trustedProxies = trustedRanges(file);
  const settings = compileSettings(file, secrets, { gatewaySecrets, trustedProxies });
  const clientsUnknown = !isThisMachine(listen.host) && gatewaySecrets.length + trustedProxies.length === 0;
  const tracing = compileTracing(inUnits(authApiFileSchema.shape.tracing, file.tracing), tracingHeaders);
  const ports = { listen, tls, metrics, metricsTls };
  return { ok: true, config: deepFreeze({ ...ports, settings, clientsUnknown, trustEveryPeer, tracing }) };
}

function readSecrets(file: ConfigFile, at: Location): Secrets {
  const { server, authorizer, cache, authApi, upstreams, revocations, tracing } = file;
  const embedded = authApi?.embedded;
  return {
    gateway: readBearerSecret(authApi?.gatewaySecret, at.at('authApi', 'gatewaySecret')),
    authorizer: readBearerSecret(authorizer?.secret, at.at('authorizer', 'secret')),
    authorizerTls: checkPortTls(authorizer?.tls, at.at('authorizer', 'tls')),
    grpcTls: checkPortTls(authorizer?.grpc?.tls, at.at('authorizer', 'grpc', 'tls')),
    adminTls: checkPortTls(server.adminTls, at.at('server', 'adminTls')),
    admin: readAdminTokens(server, at.at('server')),
    listeners: checkListeners(server, at.at('server', 'listen')),
    assertionKeys: checkIdentityAssertion(file, at),
    webhooks: readWebhookSecrets(revocations.webhookSecret, at.at('revocations', 'webhookSecret')),
    tracingHeaders: readHeaderSecrets(tracing?.headers, at.at('tracing', 'headers')),
    ...readCacheSecrets(cache, at.at('cache')),
    redis: checkRedis(cache.redis, at.at('cache', 'redis')),
    authApiTls: checkClientTls(authApi?.tls, at.at('authApi', 'tls'), true),
    upstreamTls: checkUpstreamTls(upstreams, at.at('upstreams')),
    sources: readSourceFiles(file, at),
    authApi: embedded === undefined ? null : checkAuthApiSettings(embedded, at.at('authApi', 'embedded')),
  };
}
