/** Makes the compiled configuration of a file that has no problems: units in names, maps for names, nothing optional. */
import { compileTrustedProxies } from '../core/forwarding/trusted-proxies.ts';
import type { RouteTable } from '../core/routing/compile-routes.ts';
import type { AuthApiSecrets } from './checks/check-auth-settings.ts';
import { compileSettings } from './compile-settings.ts';
import type { AuthApiConfig, AuthApiFields, Config, UpstreamConfig } from './config.ts';
import type { ConfigFile } from './schema.ts';

/** Secrets as read from where they are kept. */
export interface Secrets {
  readonly cache: string | null;
  readonly redisUrl: string | null;
  readonly authApi: AuthApiSecrets | null;
  readonly admin: string | null;
}

export function compileConfig(file: ConfigFile, routes: RouteTable, secrets: Secrets): Config {
  const { server, cache } = file;
  const { limits } = server;
  return {
    server: {
      listen: server.listen,
      admin: server.admin,
      adminToken: secrets.admin,
      adminHosts: server.adminHosts,
      trustedProxies: compileTrustedProxies(server.trustedProxies),
      drainTimeoutMs: server.drainTimeout,
      limits: {
        headerBytes: limits.headerBytes,
        headers: limits.headers,
        targetBytes: limits.target,
        headersTimeoutMs: limits.headersTimeout,
        requestTimeoutMs: limits.requestTimeout,
        keepAliveTimeoutMs: limits.keepAliveTimeout,
        connections: limits.connections,
      },
    },
    log: { level: file.log.level, access: file.log.access },
    authApi: compileAuthApi(file, secrets),
    credentials: file.credentials,
    cache: {
      secret: secrets.cache,
      acceptedMs: cache.accepted,
      rejectedMs: cache.rejected,
      staleOnOutageMs: cache.staleOnOutage,
      maxAccepted: cache.maxAccepted,
      maxRejected: cache.maxRejected,
      redis:
        cache.redis === undefined || secrets.redisUrl === null
          ? null
          : { url: secrets.redisUrl, keyPrefix: cache.redis.keyPrefix, commandTimeoutMs: cache.redis.timeout },
    },
    roles: new Map(Object.entries(file.roles).map(([name, { inherits }]) => [name, inherits])),
    upstreams: compileUpstreams(file, routes),
    routes,
    identityHeaders: Object.entries(file.identityHeaders).map(([name, field]) => ({ name: name.toLowerCase(), field })),
    errors: { annotate: file.errors.annotate },
  };
}

function compileAuthApi({ authApi, server }: ConfigFile, secrets: Secrets): AuthApiConfig {
  const calls = {
    timeoutMs: authApi.timeout,
    concurrency: authApi.concurrency,
    breaker: { failures: authApi.breaker.failures, openMs: authApi.breaker.open },
    paths: authApi.paths,
    headers: authApi.headers,
    fields: compileFields(authApi.fields),
  };
  if (authApi.embedded !== undefined && secrets.authApi !== null) {
    // The gateway asks from this machine, and names its client and the proxies that it trusts in between.
    const trusted = ['127.0.0.0/8', '::1', ...server.trustedProxies];
    const embedded = compileSettings(authApi.embedded, secrets.authApi, trusted);
    return { kind: 'embedded', embedded, ...calls };
  }
  return { kind: 'remote', url: authApi.url ?? '', ...calls };
}

function compileFields(fields: ConfigFile['authApi']['fields']): AuthApiFields {
  const ofEach = (field: (typeof fields)['alias']) =>
    typeof field === 'object' && field !== null ? field : { session: field, keypair: field };
  return { ...fields, alias: ofEach(fields.alias), fullName: ofEach(fields.fullName) };
}

function compileUpstreams(file: ConfigFile, routes: RouteTable): ReadonlyMap<string, UpstreamConfig> {
  const upstreams = new Map<string, UpstreamConfig>();
  for (const [name, { targets, health, connections, connectTimeout }] of Object.entries(file.upstreams)) {
    upstreams.set(name, {
      name,
      targets,
      health: compileHealth(health),
      connections,
      connectTimeoutMs: connectTimeout,
    });
  }
  const { url } = file.authApi;
  if (url !== undefined && routes.routes.some(({ upstream }) => upstream === 'auth-api')) {
    upstreams.set('auth-api', authApiUpstream(url));
  }
  return upstreams;
}

/** The Auth API as an upstream, for routes that lead to it without an entry under `upstreams`. */
export function authApiUpstream(url: string): UpstreamConfig {
  return { name: 'auth-api', targets: [url], health: null, connections: 256, connectTimeoutMs: 2000 };
}

function compileHealth(health: ConfigFile['upstreams'][string]['health']): UpstreamConfig['health'] {
  if (health === undefined) return null;
  if (typeof health === 'string') return { path: health, intervalMs: 10_000, timeoutMs: 2000 };
  return { path: health.path, intervalMs: health.interval, timeoutMs: health.timeout };
}
