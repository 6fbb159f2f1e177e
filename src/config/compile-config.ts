/** Makes the compiled configuration of a file that has no problems: units in names, maps for names, nothing optional. */
import { resolve } from 'node:path';
import type { RoleMapping } from '../core/policy/map-roles.ts';
import type { RouteTable } from '../core/routing/compile-routes.ts';
import { compileTrustedProxies } from '../core/syntax/addresses.ts';
import type { AuthApiSecrets } from './checks/check-auth-settings.ts';
import type { RedisAccess } from './checks/check-redis.ts';
import { compileRedis, compileSettings, trustedRanges } from './compile-settings.ts';
import type { AuthApiConfig, AuthApiFields, Config, UpstreamConfig } from './config.ts';
import type { ConfigFile } from './schema.ts';
import type { TestSuite } from './test-suite.ts';

/** Secrets as read from where they are kept. */
export interface Secrets {
  readonly cache: string | null;
  readonly previousCache: readonly string[];
  readonly redis: RedisAccess | null;
  readonly authApi: AuthApiSecrets | null;
  readonly admin: string | null;
  readonly gateway: string | null;
  readonly webhooks: readonly string[];
}

/** What the rules of all files come to. */
export interface Rules {
  readonly routes: RouteTable;
  readonly roleMapping: RoleMapping | null;
  readonly tests: TestSuite;
}

/** `folder`: of the configuration file. */
export function compileConfig(
  file: ConfigFile,
  { routes, roleMapping, tests }: Rules,
  secrets: Secrets,
  folder: string,
): Config {
  const { server, cache } = file;
  const { limits } = server;
  return {
    server: {
      listen: server.listen,
      admin: server.admin,
      adminToken: secrets.admin,
      adminHosts: server.adminHosts,
      trustedProxies: compileTrustedProxies(trustedRanges(server)),
      trustEveryPeer: server.trustEveryPeer,
      forwardedHeaders: server.forwardedHeaders,
      proxyHeaders: server.proxyHeaders,
      drainDelayMs: server.drainDelay,
      drainTimeoutMs: server.drainTimeout,
      workers: server.workers,
      limits: {
        headerBytes: limits.headerBytes,
        headers: limits.headers,
        targetBytes: limits.target,
        headersTimeoutMs: limits.headersTimeout,
        requestTimeoutMs: limits.requestTimeout,
        keepAliveTimeoutMs: limits.keepAliveTimeout,
        connections: limits.connections,
        connectionsPerClient: limits.connectionsPerClient,
        requestsPerConnection: limits.requestsPerConnection,
        bodyMemoryBytes: limits.bodyMemory,
        bodyGraceMs: limits.bodyGrace,
        unreadTimeoutMs: limits.unreadTimeout,
        eventLoopLagMs: limits.eventLoopLag,
      },
    },
    log: { level: file.log.level, access: file.log.access },
    decisions: compileDecisions(file, folder),
    authApi: compileAuthApi(file, secrets),
    credentials: { ...file.credentials, maxLength: Math.min(limits.credential, limits.headerBytes) },
    cache: {
      secret: secrets.cache,
      previousSecrets: secrets.previousCache,
      acceptedMs: cache.accepted,
      rejectedMs: cache.rejected,
      staleOnOutageMs: cache.staleOnOutage,
      unhearingMs: cache.unhearing,
      refreshAhead: cache.refreshAhead,
      maxAccepted: cache.maxAccepted,
      maxRejected: cache.maxRejected,
      maxBytes: cache.maxBytes,
      redis: compileRedis(cache.redis, secrets.redis),
    },
    revocations: { webhookSecrets: secrets.webhooks },
    roles: new Map(Object.entries(file.roles).map(([name, { inherits }]) => [name, inherits])),
    roleMapping,
    upstreams: compileUpstreams(file, routes, secrets.gateway),
    routes,
    identityHeaders: Object.entries(file.identityHeaders).map(([name, field]) => ({ name: name.toLowerCase(), field })),
    via: server.via ? { name: server.name, passes: limits.passes } : null,
    errors: { annotate: file.errors.annotate },
    include: file.include ?? [],
    tests,
  };
}

function compileDecisions({ log: { decisions } }: ConfigFile, folder: string): Config['decisions'] {
  if (decisions === undefined) return null;
  return { file: resolve(folder, decisions.file), perSecond: decisions.perSecond, sizeBytes: decisions.size };
}

function compileAuthApi({ authApi }: ConfigFile, secrets: Secrets): AuthApiConfig {
  const calls = {
    timeoutMs: authApi.timeout,
    concurrency: authApi.concurrency,
    rejectedStatuses: authApi.rejectedStatuses,
    honorCacheControl: authApi.honorCacheControl,
    breaker: { failures: authApi.breaker.failures, openMs: authApi.breaker.open },
    paths: authApi.paths,
    headers: authApi.headers,
    fields: compileFields(authApi.fields),
  };
  if (authApi.embedded !== undefined && secrets.authApi !== null) {
    // The secret that the gateway shares with it is made when it starts.
    const embedded = compileSettings(authApi.embedded, secrets.authApi, { gatewaySecrets: [], trustedProxies: [] });
    return { kind: 'embedded', embedded, ...calls };
  }
  return { kind: 'remote', urls: urlsOf(authApi.url), gatewaySecret: secrets.gateway, ...calls };
}

function urlsOf(url: ConfigFile['authApi']['url']): readonly string[] {
  if (url === undefined) return [];
  return typeof url === 'string' ? [url] : url;
}

function compileFields(fields: ConfigFile['authApi']['fields']): AuthApiFields {
  const ofEach = (field: (typeof fields)['alias']) =>
    typeof field === 'object' && field !== null ? field : { session: field, keypair: field };
  return { ...fields, alias: ofEach(fields.alias), fullName: ofEach(fields.fullName) };
}

function compileUpstreams(
  file: ConfigFile,
  routes: RouteTable,
  gatewaySecret: string | null,
): ReadonlyMap<string, UpstreamConfig> {
  const upstreams = new Map<string, UpstreamConfig>();
  const urls = urlsOf(file.authApi.url);
  for (const [name, entry] of Object.entries(file.upstreams)) {
    const { targets, health, connections, connectTimeout, requestsPerClient, queue } = entry;
    upstreams.set(name, {
      name,
      targets,
      health: compileHealth(health),
      connections,
      connectTimeoutMs: connectTimeout,
      requestsPerClient: requestsPerClient ?? Math.ceil(connections / 2),
      queue: { length: queue.length, waitMs: queue.wait },
      // The Auth API under another name; the secret goes to no other service.
      gatewaySecret: targets.every((target) => urls.includes(target)) ? gatewaySecret : null,
    });
  }
  if (urls.length > 0 && routes.routes.some(({ upstream }) => upstream === 'auth-api')) {
    upstreams.set('auth-api', authApiUpstream(urls, gatewaySecret));
  }
  return upstreams;
}

/** The Auth API as an upstream, for routes that lead to it without an entry under `upstreams`. */
export function authApiUpstream(urls: readonly string[], gatewaySecret: string | null): UpstreamConfig {
  return {
    name: 'auth-api',
    targets: urls,
    health: null,
    connections: 256,
    connectTimeoutMs: 2000,
    requestsPerClient: 128,
    queue: { length: 1000, waitMs: 5000 },
    gatewaySecret,
  };
}

function compileHealth(health: ConfigFile['upstreams'][string]['health']): UpstreamConfig['health'] {
  if (health === undefined) return null;
  if (typeof health === 'string') return { path: health, intervalMs: 10_000, timeoutMs: 2000 };
  return { path: health.path, intervalMs: health.interval, timeoutMs: health.timeout };
}
