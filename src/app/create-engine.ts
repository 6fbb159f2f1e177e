/**
 * Decides and forwards requests: the part of a gateway that may exist several times on a machine. It owns the current runtime, which is
 * replaced as a whole, the listeners, and their metrics and logs. A gateway has one engine, and so has each of its workers.
 */

import { randomBytes } from 'node:crypto';
import { whyNotReady } from '../admin/ready-report.ts';
import type { Address, Config } from '../config/config.ts';
import { plainListener } from '../config/listener-config.ts';
import { DeadlineWheel } from '../http1/deadline-wheel.ts';
import type { Siblings } from '../identity/revocation/create-revocations.ts';
import { createProxy, type ReverseProxy } from '../proxy/create-proxy.ts';
import { LoadShedder } from '../request-line/load-shedder.ts';
import type { TraceRequest } from '../telemetry/auth-api-events.ts';
import { createTelemetry, type Telemetry } from '../telemetry/create-telemetry.ts';
import type { LogDestination } from '../telemetry/log/log-output.ts';
import { DecisionFile } from '../telemetry/records/decision-file.ts';
import { createTracing } from '../telemetry/tracing/create-tracing.ts';
import { readyOf } from './admin-of-engine.ts';
import { type AuthApiAccess, closeRuntime, createRuntime, type Runtime } from './create-runtime.ts';
import { createEvict } from './evict.ts';
import { listenOn } from './listen-error.ts';
import { logKeys } from './log-keys.ts';
import { logRefusedHeaders } from './log-refused-headers.ts';
import { logRevocations } from './log-revocations.ts';
import { type CheckAddresses, type OpenAuthorizer, openAuthorizer } from './open-authorizer.ts';
import { connectionsWithin, neededFiles, openFilesLimit } from './open-files.ts';
import { openTlsPorts, type TlsPorts } from './open-tls-ports.ts';
import { DecisionRecorder, type OpenFile } from './record-decisions.ts';
import { recheckOnRevocation } from './revoked-streams.ts';
import { ShadowCandidate } from './shadow-candidate.ts';

export interface EngineOptions {
  readonly version: string;
  /** Where log lines go; if unset, standard output. */
  readonly logTo?: LogDestination;
  /** False: the embedding program has its own metrics of Node. */
  readonly runtimeMetrics?: false;
  /** The other processes of this gateway; unset: there are none. */
  readonly siblings?: Siblings;
  /** Number of this worker; unset: this process is not a worker. */
  readonly worker?: number;
  /** Where the file of records is; if unset, this process writes it. */
  readonly openFile?: (telemetry: Telemetry) => OpenFile;
}

export interface Engine {
  readonly telemetry: Telemetry;
  /** Of all entrypoints of this process. It runs from the first one that listens to the end of a drain. */
  readonly shedder: LoadShedder;
  /** For every port of this process. */
  readonly tlsPorts: TlsPorts;
  /** For the Auth API in this process. */
  readonly traceAuthApi: TraceRequest;
  readonly candidate: Pick<ShadowCandidate, 'refuse' | 'report'>;
  /** Recorded requests. */
  readonly recorder: Pick<DecisionRecorder, 'find' | 'list' | 'write'>;
  /** Applies a configuration completely, or throws and changes nothing. */
  use(config: Config): void;
  /** Starts comparing a candidate with the configuration in use. `ignored`: settings of it that are not compared. */
  compare(config: Config, ignored?: readonly string[]): void;
  /** The runtime in use; throws before the first `use`. */
  current(): Runtime;
  /** The same, or null before the first `use`. */
  started(): Runtime | null;
  /** Where the Auth API is, when it is embedded; must be set before the first `use`. */
  authApiAt(access: AuthApiAccess): void;
  /**
   * At the addresses of the configuration, or those that workers share, in the same order. Rejects with `ListenError`. `shared`: other
   * processes of this gateway also listen there.
   */
  listen(addresses: readonly Address[], shared: boolean): Promise<readonly Address[]>;
  /** The address for checks of other proxies; only with `authorizer` in the first configuration. Rejects with `ListenError`. */
  listenForChecks(addresses: CheckAddresses, shared: boolean): Promise<CheckAddresses>;
  /** It is ending: nothing new is started. */
  readonly draining: boolean;
  /** From here on, responses announce the end of their connections. */
  announceEnd(): void;
  /** From here on it is `draining`. If `delayed`, it still accepts requests, and resolves after `server.drainDelay`. */
  beginEnd(delayed: boolean): Promise<void>;
  /** Lets requests in flight finish within `server.drainTimeout`, then releases their resources. */
  drain(): Promise<void>;
  /** After `drain`: writes pending output. */
  end(): Promise<void>;
}

export function createEngine(config: Config, options: EngineOptions): Engine {
  const telemetry = createTelemetry({
    log: config.log,
    version: options.version,
    ...(options.logTo === undefined ? {} : { destination: options.logTo }),
    ...(options.worker === undefined ? {} : { worker: options.worker }),
    ...(options.runtimeMetrics === undefined ? {} : { runtimeMetrics: options.runtimeMetrics }),
  });
  const { log } = telemetry;
  const tracing = createTracing({ version: options.version, events: telemetry.spanEvents, log });
  const { traceCall, traceLookUp } = tracing;
  const identityEvents = {
    ...recheckOnRevocation(logRevocations(telemetry.identityEvents, log), () => proxy?.revoked()),
    traceCall,
    traceLookUp,
  };
  const evictions = createEvict(current, telemetry.evictionUnreadable);
  const candidate = new ShadowCandidate(telemetry.decisionEvents);
  const unwritten = () => telemetry.decisionEvents.recorded('unwritten');
  const openFile = options.openFile?.(telemetry) ?? ((settings) => new DecisionFile({ ...settings, unwritten, log }));
  const recorder = new DecisionRecorder(telemetry.decisionEvents, candidate, openFile, config.log.instance);
  const deadlines = new DeadlineWheel();
  const tlsPorts = openTlsPorts({
    deadlines,
    timeoutMs: config.server.limits.headersTimeoutMs,
    // Without a secret, other processes do not resume sessions.
    secret: config.cache.secret ?? randomBytes(32),
    log,
    watchTls: telemetry.watchTls,
  });
  let embedded: AuthApiAccess = { urls: [], gatewaySecret: null };
  let runtime: Runtime | null = null;
  let proxy: ReverseProxy | null = null;
  let authorizer: OpenAuthorizer | null = null;
  let draining = false;
  const shedder = new LoadShedder(
    config.server.limits.eventLoopLagMs,
    () => runtime?.upstreams.backlogMs(performance.now()) ?? 0,
  );
  telemetry.watchShedder(shedder);
  const retired = new Set<() => Promise<void>>();

  function use(next: Config): void {
    const previous = runtime;
    const authApi = next.authApi?.kind === 'remote' ? next.authApi : embedded;
    const { siblings } = options;
    const nextRuntime = createRuntime(
      next,
      {
        authApi: { urls: authApi.urls, gatewaySecret: authApi.gatewaySecret },
        ...(siblings === undefined ? {} : { siblings }),
        identityEvents,
        upstreamEvents: telemetry,
        keyEvents: logKeys(log),
        evictions,
      },
      previous,
    );
    telemetry.useRoutes(next.routes);
    telemetry.useUpstreams(next.upstreams);
    recorder.use(nextRuntime);
    telemetry.recordRequests(recorder.recording());
    runtime = { ...nextRuntime, tracing: tracing.use(next.tracing) };
    proxy?.use(runtime);
    tlsPorts.certificatesSkipped(proxy?.useListeners(next.server.listeners) ?? []);
    tlsPorts.certificatesSkipped(authorizer?.use(runtime, next.authorizer) ?? []);
    telemetry.configLoaded(next.digest);
    if (previous === null) telemetry.watchIdentity(() => current().resolver.stats());
    else retire(previous, nextRuntime);
  }

  /** Requests in progress still use the old configuration, so it is released a little later. */
  function retire(previous: Runtime, next: Runtime): void {
    const letGo = () => {
      clearTimeout(timer);
      retired.delete(letGo);
      return closeRuntime(previous, next).catch((error: unknown) =>
        log.warn({ err: error }, 'old connections did not close'),
      );
    };
    const timer = setTimeout(letGo, 2 * previous.resolver.timeoutMs).unref();
    retired.add(letGo);
  }

  function current(): Runtime {
    if (runtime === null) throw new Error('the gateway is not started');
    return runtime;
  }

  const filesLimit = openFilesLimit() ?? Number.POSITIVE_INFINITY;
  /** To each entrypoint. */
  const connections = connectionsWithin(config, filesLimit);

  /** The first worker logs for all of them. */
  function warnOfFewFiles(): void {
    const needed = neededFiles(config);
    if (needed > filesLimit && (options.worker ?? 1) === 1) {
      log.warn(
        { limit: filesLimit, needed, connections },
        'the limit of open files is too small, so fewer connections are accepted: raise it to "needed" (ulimit -n, LimitNOFILE of systemd), or lower server.limits.connections',
      );
    }
  }

  telemetry.watchRevocations(() => {
    if (runtime === null) return null;
    const { connection, tombstones } = runtime.resolver.revocations;
    return { connected: connection.isConnected(Date.now()), tombstones: tombstones.size };
  });

  return {
    telemetry,
    shedder,
    tlsPorts,
    traceAuthApi: tracing.traceAuthApi,
    candidate,
    recorder,
    use,
    compare(candidateConfig, ignored) {
      candidate.use(candidateConfig, current().policy.credentials.session, ignored);
      telemetry.recordRequests(recorder.recording());
    },
    current,
    started: () => runtime,
    authApiAt(access) {
      embedded = access;
    },
    async listen(addresses, shared) {
      const { server } = config;
      warnOfFewFiles();
      const newProxy = createProxy({
        // Trust is checked for each connection, so that a reload can remove a proxy.
        server: {
          ...server,
          limits: { ...server.limits, connections },
          trustedProxies: (peer) => current().config.server.trustedProxies(peer),
        },
        shared,
        runtime: current(),
        deadlines,
        shedder,
        observe: telemetry.observe,
        openTlsPort: tlsPorts.openTlsPort,
        headerRefused: logRefusedHeaders(log),
        forwardingIgnored: ({ peer, header }) =>
          log.warn(
            { client: peer, header },
            'ignored: server.trustedProxies does not list this peer; all clients behind it count as one',
          ),
      });
      proxy = newProxy;
      await tracing.ready();
      telemetry.watchServer(newProxy);
      const bound: Address[] = [];
      for (const [index, address] of addresses.entries()) {
        const listener = current().config.server.listeners[index] ?? plainListener(address);
        bound.push(await listenOn('server.listen', address, () => newProxy.listen({ ...listener, address })));
      }
      shedder.start();
      return bound;
    },
    async listenForChecks(addresses, shared) {
      if (proxy === null) warnOfFewFiles();
      await tracing.ready();
      authorizer = await openAuthorizer(config, addresses, {
        shared,
        connections,
        runtime: current(),
        trustedProxies: (peer) => current().config.server.trustedProxies(peer),
        deadlines,
        shedder,
        openTlsPort: tlsPorts.openTlsPort,
        telemetry,
        ready: async () => whyNotReady(await readyOf({ draining, current }, null)) === null,
      });
      authorizer.use(current(), current().config.authorizer);
      shedder.start();
      return authorizer.addresses;
    },
    get draining() {
      return draining;
    },
    announceEnd: () => proxy?.announceEnd(),
    async beginEnd(delayed) {
      draining = true;
      const { drainDelayMs } = (runtime?.config ?? config).server;
      if (!delayed || drainDelayMs === 0) return;
      proxy?.announceEnd();
      log.info({ drainDelayMs }, 'not ready any more: requests are still taken for a while');
      await new Promise((over) => setTimeout(over, drainDelayMs));
    },
    async drain() {
      draining = true;
      const { drainTimeoutMs } = (runtime?.config ?? config).server;
      await Promise.all([proxy?.drain(drainTimeoutMs), authorizer?.drain(drainTimeoutMs)]);
      shedder.stop();
      await Promise.all([...retired].map((letGo) => letGo()));
      if (runtime !== null) await closeRuntime(runtime, null);
    },
    async end() {
      await recorder.close();
      await tracing.close();
      log.info('stopped');
      await telemetry.close();
    },
  };
}
