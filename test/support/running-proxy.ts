/** A whole proxy on loopback for forwarding tests: real core, real pools, a resolver that accepts one bearer. */
import { readFileSync } from 'node:fs';
import type { ServerConfig, UpstreamConfig } from '../../src/config/config.ts';
import { plainListener } from '../../src/config/listener-config.ts';
import { bearerOnly } from '../../src/core/credential/challenges.ts';
import { decide } from '../../src/core/decide.ts';
import { compileForwarding } from '../../src/core/forwarding/compile-forwarding.ts';
import type { Identity, ResolveIdentity } from '../../src/core/identity/identity.ts';
import { type AccessSource, compileRouteAccess } from '../../src/core/policy/access.ts';
import { compileRoutes } from '../../src/core/routing/compile-routes.ts';
import type { Route } from '../../src/core/routing/route.ts';
import { compilePattern } from '../../src/core/url/compile-pattern.ts';
import { DeadlineWheel } from '../../src/http1/deadline-wheel.ts';
import { createProxy, type ReverseProxy } from '../../src/proxy/create-proxy.ts';
import { LoadShedder } from '../../src/request-line/load-shedder.ts';
import type { RequestRuntime } from '../../src/request-line/runtime.ts';
import type { RequestRecord } from '../../src/telemetry/request-record.ts';
import { createUpstreams, type ServiceEvents, type Upstreams } from '../../src/upstream/create-upstreams.ts';
import { defaultIdentityHeaders } from '../unit/core/make-policy.ts';
import { plainSources } from './credential-sources.ts';

export interface ProxySetup {
  readonly targets: readonly string[];
  /** Settings of the route `/**`, which is public unless overridden. */
  readonly route?: Partial<Route>;
  readonly access?: AccessSource;
  readonly upstream?: Partial<UpstreamConfig>;
  readonly limits?: Partial<ServerConfig['limits']>;
  readonly trustedProxies?: ServerConfig['trustedProxies'];
  readonly annotate?: RequestRuntime['annotate'];
  readonly events?: ServiceEvents;
  readonly resolve?: ResolveIdentity;
  readonly runtime?: (runtime: RequestRuntime) => RequestRuntime;
  readonly now?: () => number;
  readonly unreadMs?: number;
  /** Where it listens; if unset, a free port. */
  readonly port?: number;
}

export interface RunningProxy {
  readonly port: number;
  readonly proxy: ReverseProxy;
  readonly shedder: LoadShedder;
  readonly upstreams: Upstreams;
  readonly wheel: DeadlineWheel;
  /** The records, in order of completion. */
  readonly records: readonly RequestRecord[];
  close(): Promise<void>;
}

/** The bearer that the resolver of these tests accepts. */
export const goodToken = 'good-token';

export const ann: Identity = {
  kind: 'bearer',
  userId: 'ann',
  roles: ['user'],
  groups: ['acme', 'beta'],
  alias: null,
  fullName: null,
  sessionId: 's1',
  keyId: null,
  tokenId: null,
  issuedAtMs: null,
  authenticatedAtMs: null,
  claims: {},
  source: 'authApi',
  acceptedBy: 'authApi',
  expireAtMs: Number.POSITIVE_INFINITY,
};

const sources = { ...plainSources, websocketProtocol: 'rolegate.bearer' };

export const knowsAnn: ResolveIdentity = (credential) =>
  credential.kind === 'bearer' && credential.token === goodToken
    ? { identity: ann, reason: null, stale: false, source: 'memory' }
    : { identity: null, reason: 'credential_rejected', retryAfterS: null, source: 'memory' };

export async function startProxy(setup: ProxySetup): Promise<RunningProxy> {
  const table = compileRoutes([
    {
      id: 'all',
      index: 0,
      pattern: compilePattern(null, '/**'),
      methods: null,
      hasRule: true,
      access: compileRouteAccess(setup.access ?? 'public', new Map([['user', []]])),
      credentials: ['bearer', 'keyPair'],
      challenges: bearerOnly,
      signIn: null,
      restricted: null,
      conditions: null,
      tolerates: 0,
      reading: null,
      cors: null,
      response: null,
      maxVerdictAgeMs: null,
      maxVerdictAgeMsByMethod: null,
      upstream: 'service',
      audience: null,
      timeoutMs: 5_000,
      idleTimeoutMs: null,
      maxBodyBytes: Number.POSITIVE_INFINITY,
      rewrite: null,
      forwardCredentials: false,
      forwardToken: null,
      websocket: true,
      bodyBufferBytes: 64 * 1024,
      bodyRate: 0,
      recheckMs: 0,
      scopes: null,
      evict: null,
      ...setup.route,
    },
  ]);
  if ('ties' in table) throw new Error('the routes of this test tie');
  const upstream: UpstreamConfig = {
    name: 'service',
    targets: setup.targets,
    health: null,
    tls: null,
    proxyProtocol: null,
    host: 'keep',
    connections: 64,
    connectTimeoutMs: 1_000,
    requestsPerClient: 64,
    streams: 1_000,
    streamsPerClient: 1_000,
    bufferChunkedBodies: false,
    queue: { length: 100, waitMs: 2_000 },
    gatewaySecret: null,
    ...setup.upstream,
  };
  const upstreams = createUpstreams(new Map([['service', upstream]]), setup.events);
  const policy = { routes: table, credentials: sources, roleMapping: null };
  const resolve = setup.resolve ?? knowsAnn;
  const plain: RequestRuntime = {
    decide,
    policy,
    resolve,
    rules: compileForwarding({
      identityHeaders: defaultIdentityHeaders,
      identityAssertion: null,
      credentials: sources,
      via: { name: 'rolegate' },
      server: {
        forwardedHeaders: 'x-forwarded',
        clientCertificateHeader: null,
        proxyHeaders: [],
        returnRequestId: false,
      },
    }),
    upstreams,
    annotate: setup.annotate ?? 'failures',
    assertion: null,
    evictions: { allowed: () => true, evict: () => null },
    events: null,
  };
  const runtime = setup.runtime?.(plain) ?? plain;
  const wheel = new DeadlineWheel(10);
  const records: RequestRecord[] = [];
  const limits: ServerConfig['limits'] = {
    headerBytes: 16 * 1024,
    headers: 100,
    targetBytes: 8 * 1024,
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 0,
    keepAliveTimeoutMs: 30_000,
    connections: 1_000,
    connectionsPerClient: 0,
    requestsPerConnection: 0,
    bodyMemoryBytes: 64 * 1024 * 1024,
    bodyGraceMs: 10_000,
    unreadTimeoutMs: setup.unreadMs ?? 60_000,
    eventLoopLagMs: 0,
    ...setup.limits,
  };
  const shedder = new LoadShedder(limits.eventLoopLagMs, () => upstreams.backlogMs(performance.now()));
  const proxy = createProxy({
    server: {
      listeners: [],
      admin: null,
      adminTls: null,
      adminTokens: [],
      adminHosts: [],
      trustEveryPeer: false,
      readyWithoutSources: true,
      trustedProxies: setup.trustedProxies ?? (() => false),
      trustedRanges: [],
      forwardedHeaders: 'x-forwarded',
      clientCertificateHeader: null,
      proxyHeaders: [],
      returnRequestId: false,
      drainDelayMs: 0,
      drainTimeoutMs: 1_000,
      workers: 1,
      limits,
    },
    runtime,
    deadlines: wheel,
    shedder,
    openTlsPort() {
      throw new Error('this proxy has no TLS');
    },
    forwardingIgnored: () => {},
    ...(setup.now === undefined ? {} : { now: setup.now }),
    observe: (record) => records.push(record),
  });
  const { port } = await proxy.listen(plainListener({ host: '127.0.0.1', port: setup.port ?? 0 }));
  shedder.start();
  return {
    port,
    proxy,
    shedder,
    upstreams,
    wheel,
    records,
    async close() {
      await proxy.drain(0);
      shedder.stop();
      await upstreams.destroy();
    },
  };
}

/** Resident memory of a process, bytes. */
export function residentBytes(pid: number | 'self'): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (match === null) throw new Error('no VmRSS');
  return Number(match[1]) * 1024;
}
