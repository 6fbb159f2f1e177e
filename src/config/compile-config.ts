/** Creates the compiled configuration of a valid file: units in names, maps for names, nothing optional. */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { type IdentityHeader, identityFields } from '../core/forwarding/forwarding-rules.ts';
import type { RoleMapping } from '../core/policy/map-roles.ts';
import type { Restriction } from '../core/policy/restrictions.ts';
import type { RoleTable } from '../core/policy/roles.ts';
import type { RouteTable } from '../core/routing/route-table.ts';
import { compileTrustedProxies } from '../core/syntax/addresses.ts';
import { recentSignInMs } from './accounts-config.ts';
import type { AuthApiSecrets } from './checks/check-auth-settings.ts';
import type { RedisAccess } from './checks/check-redis.ts';
import { compileCredentials } from './compile-credentials.ts';
import { compileAuthApiFields } from './compile-fields.ts';
import { compileRedis, compileSettings, compileTracing, trustedRanges } from './compile-settings.ts';
import { compileSources, hasAccounts, listOf, namingOf, sourceRuleOf } from './compile-sources.ts';
import type {
  AdminToken,
  AssertionKey,
  AuthApiConfig,
  AuthorizerConfig,
  ClientTlsConfig,
  Config,
  ListenerConfig,
  LogConfig,
  PortTlsConfig,
  SignInConfig,
  UpstreamConfig,
} from './config.ts';
import { type InUnits, inUnits } from './schema/in-units.ts';
import { healthCheck, upstream } from './schema/upstreams.ts';
import { type ConfigFile, configSchema } from './schema.ts';
import type { SourceConfig, SourceFiles } from './source-config.ts';
import type { TestSuite } from './test-suite.ts';

type File = InUnits<ConfigFile>;

/** Secrets as read from their files. */
export interface Secrets {
  readonly cache: string | null;
  readonly previousCache: readonly string[];
  readonly redis: RedisAccess | null;
  readonly authApi: AuthApiSecrets | null;
  readonly authApiTls: ClientTlsConfig | null;
  readonly upstreamTls: ReadonlyMap<string, ClientTlsConfig>;
  readonly sources: SourceFiles;
  readonly admin: readonly AdminToken[];
  readonly listeners: readonly ListenerConfig[];
  readonly gateway: string | null;
  readonly authorizer: string | null;
  readonly adminTls: PortTlsConfig | null;
  readonly authorizerTls: PortTlsConfig | null;
  readonly grpcTls: PortTlsConfig | null;
  readonly webhooks: readonly string[];
  readonly tracingHeaders: Readonly<Record<string, string>>;
  readonly assertionKeys: readonly AssertionKey[] | null;
}

/** The compiled rules of all files. */
export interface Rules {
  readonly roles: RoleTable;
  /** A declared role in the form of rules. */
  readonly formOf: (role: string) => string;
  readonly routes: RouteTable;
  readonly policies: readonly Restriction[];
  readonly roleMapping: RoleMapping | null;
  readonly tests: TestSuite;
}

/** `folder`: of the configuration file. */
export function compileConfig(
  file: ConfigFile,
  { routes, roles, formOf, policies, roleMapping, tests }: Rules,
  secrets: Secrets,
  folder: string,
): Omit<Config, 'digest'> {
  const { server, authorizer, log, records, tracing, cache, authApi, upstreams, identityAssertion } = inUnits(
    configSchema,
    file,
  );
  const { listen: _listen, name, via, limits: allLimits, ...serving } = server;
  const { passes, credentialBytes, failedAuthentications, ...limits } = allLimits;
  const { previousSecret: _, ...verdicts } = cache;
  const urls = listOf(authApi?.url);
  const sources = compileSources(file, secrets.sources, formOf);
  const credentials = compileCredentials(file, Math.min(credentialBytes, limits.headerBytes));
  return {
    server: {
      ...serving,
      listeners: secrets.listeners,
      adminTls: secrets.adminTls,
      adminTokens: secrets.admin,
      // Headers that conditions read only from trusted proxies are removed from other requests.
      proxyHeaders: [...serving.proxyHeaders, ...trustedHeaders(file)],
      trustedProxies: compileTrustedProxies(trustedRanges(server)),
      trustedRanges: trustedRanges(server),
      limits,
    },
    authorizer: authorizer === undefined ? null : compileAuthorizer(authorizer, secrets),
    log: compileLog(log),
    records:
      records === null ? null : { ...records, file: records.file === undefined ? null : resolve(folder, records.file) },
    tracing: compileTracing(tracing, secrets.tracingHeaders),
    authApi: authApi === undefined ? null : compileAuthApi(authApi, file, secrets, formOf),
    sources,
    failedAuthentications,
    sourceRule: sourceRuleOf(file),
    credentials,
    cache: {
      ...verdicts,
      secret: secrets.cache,
      previousSecrets: secrets.previousCache,
      redis: compileRedis(cache.redis, secrets.redis),
    },
    revocations: { webhookSecrets: secrets.webhooks },
    roles,
    roleMapping,
    policies,
    conditionNames: Object.keys(file.conditions.named),
    upstreams: compileUpstreams(upstreams, urls, routes, secrets),
    routes,
    identityHeaders: Object.entries(file.identityHeaders).map(([name, field]) => {
      return { name: name.toLowerCase(), field: headerFieldOf(field, file) };
    }),
    claims: new Map(Object.entries(file.identity.claims).map(([name, { type }]) => [name, type])),
    via: via ? { name, passes } : null,
    identityAssertion: identityAssertion === undefined ? null : { ...identityAssertion, keys: secrets.assertionKeys },
    signIn: compileSignIn(file, sources, folder),
    errors: { annotate: file.errors.annotate },
    tests,
  };
}

function compileSignIn(file: ConfigFile, sources: readonly SourceConfig[], folder: string): SignInConfig | null {
  const { cache, authApi } = file;
  const signIn = inUnits(configSchema.shape.signIn, file.signIn);
  if (signIn === undefined) return null;
  const { name = new URL(signIn.origin).hostname, logo: address = null, color = null } = signIn.accounts ?? {};
  const logo = address?.startsWith('/') ? signIn.origin + address : address;
  const mayRegister = authApi?.embedded?.selfRegistration === true;
  const maxAgeMs = authApi?.embedded?.recentSignIn ?? recentSignInMs;
  // Those of another origin are for pages there: browsers would not let these use them.
  const passkeys = authApi?.embedded?.passkeys?.origin === signIn.origin;
  const { store = cache.redis === undefined ? 'memory' : 'redis', ...bounds } = signIn.sessions;
  return {
    origin: signIn.origin,
    otherOrigins: signIn.otherOrigins,
    providers: sources.filter((source) => source.kind === 'session'),
    accounts: hasAccounts(file) ? { name, logo, color, mayRegister, recentSignInMs: maxAgeMs, passkeys } : null,
    sessions: { ...bounds, store: typeof store === 'string' ? store : { file: resolve(folder, store.file) } },
  };
}

function trustedHeaders({ conditions }: Pick<ConfigFile, 'conditions'>): readonly string[] {
  return Object.keys(conditions.headers).filter((name) => conditions.headers[name] === 'trusted');
}

function compileLog({ instance = hostname(), slowRequestMs = Infinity, ...log }: File['log']): LogConfig {
  return { ...log, instance, slowRequestMs };
}

function headerFieldOf(text: ConfigFile['identityHeaders'][string], { identity }: ConfigFile): IdentityHeader['field'] {
  const field = identityFields.find((known) => known === text);
  if (field !== undefined) return field;
  const claim = text.slice('claims.'.length);
  return { claim, type: identity.claims[claim]!.type };
}

function compileAuthApi(
  section: NonNullable<File['authApi']>,
  file: ConfigFile,
  secrets: Secrets,
  formOf: (role: string) => string,
): AuthApiConfig {
  const {
    url,
    embedded: _embedded,
    gatewaySecret: _secret,
    issuer = null,
    userPrefix: _prefix,
    roles: _roles,
    assumeVerifiedEmail,
    ...calls
  } = section;
  const fields = compileAuthApiFields(calls.fields, file.identity.claims, assumeVerifiedEmail);
  const users = namingOf(file, formOf).get('authApi')!;
  const common = { ...calls, ...fields, issuer, users, tls: secrets.authApiTls };
  if (file.authApi?.embedded === undefined || secrets.authApi === null) {
    return { kind: 'remote', urls: listOf(url), gatewaySecret: secrets.gateway, ...common };
  }
  // The secret that it shares with the gateway is generated at start.
  const trust = { gatewaySecrets: [], trustedProxies: [] };
  return { kind: 'embedded', embedded: compileSettings(file.authApi.embedded, secrets.authApi, trust), ...common };
}

function compileAuthorizer(
  { listen, dialects, peers, grpc, ...rest }: NonNullable<File['authorizer']>,
  { authorizer: secret, authorizerTls: tls, grpcTls }: Secrets,
): AuthorizerConfig {
  return {
    ...rest,
    listen: listen ?? null,
    tls,
    dialects: dialects ?? {},
    peers: compileTrustedProxies(peers),
    secret,
    grpc: grpc === undefined ? null : { ...grpc, tls: grpcTls },
  };
}

function compileUpstreams(
  entries: File['upstreams'],
  urls: readonly string[],
  routes: RouteTable,
  { gateway, authApiTls, upstreamTls }: Secrets,
): ReadonlyMap<string, UpstreamConfig> {
  const upstreams = new Map<string, UpstreamConfig>();
  for (const [name, entry] of Object.entries(entries)) {
    // The Auth API under another name; the secret is never sent to other services.
    const isAuthApi = entry.targets.every((target) => urls.includes(target));
    const tls = upstreamTls.get(name) ?? null;
    upstreams.set(name, compileUpstream(name, entry, tls, isAuthApi ? gateway : null));
  }
  if (urls.length > 0 && routes.routes.some(({ upstream }) => upstream === 'auth-api')) {
    upstreams.set('auth-api', authApiUpstream(urls, authApiTls, gateway));
  }
  return upstreams;
}

/** The Auth API as an upstream, for routes that lead to it without an entry under `upstreams`. */
export function authApiUpstream(
  urls: readonly string[],
  tls: ClientTlsConfig | null,
  gatewaySecret: string | null,
): UpstreamConfig {
  const entry = upstream.parse({ targets: urls });
  return compileUpstream('auth-api', inUnits(upstream, entry), tls, gatewaySecret);
}

function compileUpstream(
  name: string,
  { health, ...entry }: File['upstreams'][string],
  tls: ClientTlsConfig | null,
  gatewaySecret: string | null,
): UpstreamConfig {
  return {
    ...entry,
    name,
    tls,
    proxyProtocol: entry.proxyProtocol ?? null,
    health: typeof health === 'string' ? inUnits(healthCheck, healthCheck.parse({ path: health })) : (health ?? null),
    requestsPerClient: entry.requestsPerClient ?? Math.ceil(entry.connections / 2),
    streamsPerClient: entry.streamsPerClient ?? Math.ceil(entry.streams / 4),
    gatewaySecret,
  };
}
