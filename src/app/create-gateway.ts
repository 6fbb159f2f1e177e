/** Joins the rooms into a running gateway of one process. */

import type { AuthApi } from '../auth-api/auth-api.ts';
import type { CodeMail } from '../auth-api/outbox/outbox.ts';
import type { Address, Config } from '../config/config.ts';
import type { ConfigProblem } from '../config/yaml/problem.ts';
import type { LogDestination } from '../telemetry/log/log-output.ts';
import { adminOf } from './admin-of-engine.ts';
import { type AdminPort, openAdmin } from './create-admin.ts';
import { createEngine } from './create-engine.ts';
import { embedAuthApi } from './embed-auth-api.ts';
import { createConfigLog, type ReloadEffect } from './log-config.ts';
import { notCompared } from './not-compared.ts';
import type { CheckAddresses } from './open-authorizer.ts';

export interface GatewayOptions {
  readonly version: string;
  /** Where log lines go; if unset, standard output. */
  readonly logTo?: LogDestination;
  /** Receives the codes of an embedded Auth API whose outbox is `console`; if unset, they are log lines. */
  readonly onCode?: (mail: CodeMail) => void;
  /**
   * For the admin port: reads the configuration again and passes it to `apply`, or its problems to `refuseReload`. Returns the problems,
   * empty if it was applied. If unset, the admin port cannot reload.
   */
  readonly reload?: () => readonly ConfigProblem[] | Promise<readonly ConfigProblem[]>;
  /** For the admin port: the settings in use, without secrets. */
  readonly showConfig?: () => string;
}

export interface Gateway {
  /** Rejects with `ListenError` if a port is not available; `close` must be called then too. */
  start(): Promise<{
    /** The first of `listeners`; null: it does not forward. */
    readonly listen: Address | null;
    readonly listeners: readonly Address[];
    /** Addresses for checks of other proxies. */
    readonly checks: CheckAddresses;
    readonly admin: Address | null;
  }>;
  /** Applies another configuration completely. Settings that a running process cannot change are logged. Does nothing after `close`. */
  apply(config: Config): void;
  /** Records that a new configuration was not usable; the one in use stays. */
  refuseReload(problems: readonly ConfigProblem[]): void;
  /** Starts comparing another configuration with the one in use, on live traffic. */
  useCandidate(config: Config): void;
  /** Records that a new candidate was not usable; an earlier one is still compared. */
  refuseCandidate(problems: readonly ConfigProblem[]): void;
  /** Logs likely mistakes in the configuration. */
  warn(findings: readonly ConfigProblem[]): void;
  /** Logs what a reload has changed; a text: why that is not known. */
  changed(digests: { readonly config: string; readonly before: string }, changes: ReloadEffect | string): void;
  /** The embedded Auth API, once started, or null. */
  readonly authApi: AuthApi | null;
  /**
   * Finishes requests in flight within `server.drainTimeout`, then ends everything. `delayed`: it accepts requests for `server.drainDelay`
   * before that, while it is not ready. Safe to call twice.
   */
  close(delayed?: boolean): Promise<void>;
}

export function createGateway(config: Config, options: GatewayOptions): Gateway {
  const engine = createEngine(config, {
    version: options.version,
    ...(options.logTo === undefined ? {} : { logTo: options.logTo }),
  });
  const { telemetry, candidate, current } = engine;
  const configLog = createConfigLog(telemetry);
  let authApi: AuthApi | null = null;
  let admin: AdminPort | null = null;
  let closing: Promise<void> | null = null;

  async function start() {
    authApi = (await embedAuthApi(config, engine, options.onCode))?.authApi ?? null;
    engine.use(config);
    const { server } = config;
    const addresses = server.listeners.map(({ address }) => address);
    const listeners = addresses.length === 0 ? [] : await engine.listen(addresses, false);
    const { authorizer } = config;
    const wanted = { http: authorizer?.listen ?? null, grpc: authorizer?.grpc?.listen ?? null };
    const checks = authorizer === null ? wanted : await engine.listenForChecks(wanted, false);
    if (server.admin !== null) {
      const reload = options.reload ?? null;
      const adminParts = adminOf(engine, () => authApi);
      const ready = async () => ({ ...(await adminParts.ready()), refusedReload: configLog.refusedReload() });
      admin = await openAdmin(server.admin, {
        ...adminParts,
        ready,
        version: options.version,
        reload,
        ...(options.showConfig === undefined ? {} : { showConfig: options.showConfig }),
      });
    }
    const adminAddress = admin?.address ?? null;
    const places = {
      ...shownListeners(listeners),
      ...(authorizer === null ? {} : { authorizer: checks }),
      admin: adminAddress,
    };
    telemetry.log.info({ ...places, config: config.digest, routes: config.routes.routes.length }, 'started');
    return { listen: listeners[0] ?? null, listeners, checks, admin: adminAddress };
  }

  /** The order matters: first not ready, then no new requests, then the end of those in flight, then their resources. */
  async function end(delayed: boolean): Promise<void> {
    await engine.beginEnd(delayed);
    await engine.drain();
    await authApi?.close();
    await admin?.close();
    await engine.end();
  }

  return {
    start,
    apply(next) {
      if (engine.draining) return;
      const fixed = configLog.fixed(current().config, next);
      const skipped = admin?.use(next) ?? [];
      // An embedded Auth API starts and ends with the process.
      engine.use(fixed.includes('authApi.embedded') ? { ...next, authApi: current().config.authApi } : next);
      engine.tlsPorts.certificatesSkipped(skipped);
      configLog.reloaded(next);
    },
    refuseReload: configLog.refused,
    useCandidate(next) {
      const ignored = notCompared(engine.started()?.config ?? config, next);
      engine.compare(next, ignored);
      configLog.compared(next, ignored);
    },
    refuseCandidate(problems) {
      candidate.refuse(problems);
      configLog.notCompared(problems);
    },
    warn: configLog.warned,
    changed: configLog.changed,
    get authApi() {
      return authApi;
    },
    close(delayed = false) {
      closing ??= end(delayed);
      return closing;
    },
  };
}

/** For the log. */
export function shownListeners(listeners: readonly Address[]): object {
  return listeners.length > 1 ? { listen: listeners[0], listeners } : { listen: listeners[0] ?? null };
}
