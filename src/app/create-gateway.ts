/** Joins the rooms into a running gateway. */
import type { AuthApi } from '../auth-api/auth-api.ts';
import type { CodeMail } from '../auth-api/outbox/outbox.ts';
import type { Address, Config } from '../config/config.ts';
import type { ConfigProblem } from '../config/problem.ts';
import type { AdminServer } from '../entrypoints/admin/admin-server.ts';
import { createProxy, type ReverseProxy } from '../entrypoints/proxy/create-proxy.ts';
import { connectRedis } from '../redis/connect-redis.ts';
import { createTelemetry } from '../telemetry/create-telemetry.ts';
import type { LogDestination } from '../telemetry/log-sink.ts';
import { createForwarder } from '../upstream/create-forwarder.ts';
import { DeadlineWheel } from '../upstream/deadline-wheel.ts';
import { AfterDecision } from './after-decision.ts';
import { createAdmin } from './create-admin.ts';
import { closeRuntime, createRuntime, type Runtime } from './create-runtime.ts';
import { evictor } from './evict.ts';
import { listenOn } from './listen-error.ts';
import { logRevocations } from './log-revocations.ts';
import { needsRestart } from './needs-restart.ts';
import { DecisionRecorder } from './record-decisions.ts';
import { lookAfter } from './revoked-streams.ts';
import { ShadowCandidate } from './shadow-candidate.ts';

export interface GatewayOptions {
  readonly version: string;
  /** Where log lines go; standard output when left out. */
  readonly logTo?: LogDestination;
  /** Takes the codes of an embedded Auth API whose outbox is `console`. */
  readonly onCode?: (mail: CodeMail) => void;
  /**
   * For the admin port: reads the configuration again and hands it to `apply`, or its problems to `refuseReload`.
   * Returns the problems, none when it was taken into use. Left out: the admin port cannot reload.
   */
  readonly reload?: () => readonly ConfigProblem[];
}

export interface Gateway {
  /** Rejects with `ListenError` when a port cannot be had; `close` is due then too. */
  start(): Promise<{ readonly listen: Address; readonly admin: Address | null }>;
  /**
   * Takes another configuration into use, whole. Settings that a running process cannot change are logged. Does nothing
   * once `close` was called.
   */
  apply(config: Config): void;
  /** Records that a new configuration was not usable; the one in use stays. */
  refuseReload(problems: readonly ConfigProblem[]): void;
  /** Compares another configuration with the one in use, in the shadow of live traffic, from the beginning. */
  useCandidate(config: Config): void;
  /** Records that a new candidate was not usable; an earlier one is still compared. */
  refuseCandidate(problems: readonly ConfigProblem[]): void;
  /** Logs what the configuration most likely does not mean. */
  warn(findings: readonly ConfigProblem[]): void;
  /** The embedded Auth API, once started; null when there is none. */
  readonly authApi: AuthApi | null;
  /** Finishes what is in flight within `server.drainTimeout`, then ends everything. Safe to call twice. */
  close(): Promise<void>;
}

export function createGateway(config: Config, options: GatewayOptions): Gateway {
  const telemetry = createTelemetry({
    log: config.log,
    version: options.version,
    ...(options.logTo === undefined ? {} : { destination: options.logTo }),
  });
  const { log } = telemetry;
  const identityEvents = lookAfter(logRevocations(telemetry.identityEvents, log), () => proxy?.revoked());
  const evict = evictor(current, telemetry.evictionUnreadable);
  const candidate = new ShadowCandidate(telemetry.shadowEvents);
  const recorder = new DecisionRecorder(log, telemetry.shadowEvents);
  const decisions = new AfterDecision([candidate, recorder]);
  const deadlines = new DeadlineWheel();
  let authApi: AuthApi | null = null;
  let authApiUrls = config.authApi.kind === 'remote' ? config.authApi.urls : [];
  let runtime: Runtime | null = null;
  let admin: AdminServer | null = null;
  let proxy: ReverseProxy | null = null;
  let draining = false;
  let closing: Promise<void> | null = null;
  const retired = new Set<() => Promise<void>>();

  function use(next: Config): void {
    const previous = runtime;
    const urls = next.authApi.kind === 'remote' ? next.authApi.urls : authApiUrls;
    const made = createRuntime(
      next,
      { authApiUrls: urls, identityEvents, healthEvents: telemetry, evict, decisions },
      previous,
    );
    recorder.use(next);
    telemetry.useRoutes(next.routes);
    telemetry.useUpstreams(next.upstreams);
    runtime = made;
    telemetry.configLoaded(true);
    if (previous !== null) retire(previous, made);
  }

  /** Requests that are being decided still go where the old configuration sends them, so it is let go a little later. */
  function retire(previous: Runtime, next: Runtime): void {
    const letGo = () => {
      clearTimeout(timer);
      retired.delete(letGo);
      return closeRuntime(previous, next).catch((error: unknown) =>
        log.warn({ err: error }, 'old connections did not close'),
      );
    };
    const timer = setTimeout(letGo, 2 * previous.config.authApi.timeoutMs).unref();
    retired.add(letGo);
  }

  async function startAuthApi(): Promise<void> {
    if (config.authApi.kind !== 'embedded') return;
    const { createAuthApi } = await import('../auth-api/create-auth-api.ts');
    const { onCode } = options;
    authApi = await createAuthApi({
      settings: config.authApi.embedded,
      log,
      connectRedis,
      onMail: telemetry.onMail,
      // Before the first configuration is in use nothing is kept.
      onRevoked: (event) => void runtime?.resolver.revocations.revoke(event, 'auth-api'),
      ...(onCode === undefined ? {} : { printCode: (mail) => (mail.kind === 'code' ? onCode(mail) : undefined) }),
    });
    telemetry.watchMail(authApi.mailState);
    const { port } = await authApi.listen({ host: '127.0.0.1', port: 0 });
    authApiUrls = [`http://127.0.0.1:${port}`];
  }

  function current(): Runtime {
    if (runtime === null) throw new Error('the gateway is not started');
    return runtime;
  }

  async function start() {
    await startAuthApi();
    use(config);
    const { server } = config;
    const made = createProxy({
      // Whom a connection is believed is asked anew for each one, so that a proxy can be dropped by a reload.
      server: { ...server, trustedProxies: (address) => current().config.server.trustedProxies(address) },
      gateway: current,
      forwarder: createForwarder({ deadlines, limits: server.limits }),
      deadlines,
      observe: telemetry.observe,
    });
    proxy = made;
    telemetry.watchServer(made);
    telemetry.watchRevocations(() => {
      const { hearing, tombstones } = current().resolver.revocations;
      return { hearing: hearing.hears(Date.now()), tombstones: tombstones.size };
    });
    telemetry.watchIdentity(() => current().resolver.stats());
    const listen = await listenOn('server.listen', server.listen, () => made.listen());
    let adminAddress: Address | null = null;
    if (server.admin !== null) {
      const reload = options.reload ?? null;
      const port = createAdmin(server.admin, {
        current,
        draining: () => draining,
        telemetry,
        mailState: () => authApi?.mailState() ?? null,
        reload,
        shadow: () => candidate.report(),
      });
      adminAddress = await listenOn('server.admin', server.admin, () => port.listen());
      admin = port;
    }
    log.info({ listen, admin: adminAddress, routes: config.routes.routes.length }, 'started');
    return { listen, admin: adminAddress };
  }

  /** The order matters: first no new requests, then the ends of those in flight, then what they needed. */
  async function end(): Promise<void> {
    draining = true;
    await proxy?.drain((runtime?.config ?? config).server.drainTimeoutMs);
    await Promise.all([...retired].map((letGo) => letGo()));
    if (runtime !== null) await closeRuntime(runtime, null);
    await authApi?.close();
    await admin?.close();
    await recorder.close();
    log.info('stopped');
    await telemetry.close();
  }

  return {
    start,
    apply(next) {
      if (draining) return;
      const fixed = needsRestart(current().config, next);
      if (fixed.length > 0) log.warn({ settings: fixed }, 'these settings change with the next start');
      // An embedded Auth API starts and ends with the process.
      use(fixed.includes('authApi.embedded') ? { ...next, authApi: current().config.authApi } : next);
      log.info({ routes: next.routes.routes.length }, 'configuration reloaded');
    },
    refuseReload(problems) {
      telemetry.configLoaded(false);
      log.error(
        { problems: toldProblems(problems), count: problems.length },
        'configuration not reloaded; the last good one stays',
      );
    },
    useCandidate(next) {
      candidate.use(next);
      log.info({ routes: next.routes.routes.length }, 'candidate compared in the shadow');
    },
    refuseCandidate(problems) {
      candidate.refuse(problems);
      log.error({ problems: toldProblems(problems), count: problems.length }, 'candidate not usable');
    },
    warn(findings) {
      if (findings.length === 0) return;
      log.warn({ findings: toldProblems(findings), count: findings.length }, 'the configuration may not mean this');
    },
    get authApi() {
      return authApi;
    },
    close() {
      closing ??= end();
      return closing;
    },
  };
}

/** The first of them, each in one line. */
function toldProblems(problems: readonly ConfigProblem[]): readonly string[] {
  return problems.slice(0, 10).map(({ file, line, message }) => `${file}:${line} ${message}`);
}
