/**
 * A gateway of several processes. Workers decide and forward, each listening at the same address. Everything that may exist only once is
 * here: the admin port, the Auth API if it is embedded, the log, the file of decisions, the reading of files. The supervisor revokes like a
 * worker, with the same names of credentials, but does not forward.
 */
import { randomBytes } from 'node:crypto';
import type { Address, Config } from '../../config/config.ts';
import type { ConfigSource } from '../../config/config-files.ts';
import type { ConfigProblem } from '../../config/yaml/problem.ts';
import type { Revocation } from '../../identity/revocation/tombstones.ts';
import { noRoute } from '../../telemetry/metrics/request-series.ts';
import { adminOf, decisionsOf } from '../admin-of-engine.ts';
import { type AdminPort, openAdmin } from '../create-admin.ts';
import { createEngine, type Engine } from '../create-engine.ts';
import { type Gateway, type GatewayOptions, shownListeners } from '../create-gateway.ts';
import { type EmbeddedAuthApi, embedAuthApi } from '../embed-auth-api.ts';
import { createConfigLog } from '../log-config.ts';
import { notCompared } from '../not-compared.ts';
import { notUsable } from '../reload.ts';
import { metricsOf, readyOfAll, recordedByAll, shadowOf } from './admin-of-workers.ts';
import { announceToSiblings } from './announce-to-siblings.ts';
import { type OwnAddress, ownAddress } from './own-address.ts';
import { WorkerMetrics } from './sum-metrics.ts';
import { done, type Start, used } from './worker-messages.ts';
import { WorkerPool } from './worker-pool.ts';
import type { WorkerProcess } from './worker-process.ts';

export interface SupervisorOptions extends Omit<GatewayOptions, 'logTo' | 'reload'> {
  readonly workers: number;
  /** What `config` was read from. */
  readonly source: ConfigSource;
  /** The program that runs a worker if its argument is `worker`. */
  readonly program: string;
  /** For the admin port: reads the configuration again. */
  readonly reload: () => Promise<readonly ConfigProblem[]>;
}

export interface Supervisor extends Omit<Gateway, 'apply' | 'useCandidate'> {
  /** Applies another configuration in all workers, or in none. Resolves with the problems; empty: it is in use. */
  apply(config: Config, source: ConfigSource): Promise<readonly ConfigProblem[]>;
  useCandidate(config: Config, source: ConfigSource): void;
  /** Resolves with one line if the gateway cannot continue; `close` must be called then. */
  readonly gaveUp: Promise<string>;
}

/** A worker that does not confirm a revocation within this time is killed, so that it does not use an old verdict. */
const revokeMs = 5_000;
const useMs = 30_000;
/** After the longest wait for requests in flight. */
const endMs = 5_000;

export function createSupervisor(config: Config, options: SupervisorOptions): Supervisor {
  const { workers, source: first } = options;
  const cacheSecret = config.cache.secret ?? randomBytes(32).toString('base64url');
  const workerMetrics = new WorkerMetrics();
  const gaveUp = Promise.withResolvers<string>();
  const engine: Engine = createEngine(config, {
    version: options.version,
    siblings: announceToSiblings((revocation) => announceToWorkers(revocation, null)),
  });
  const { telemetry, candidate } = engine;
  const { log } = telemetry;
  const configLog = createConfigLog(telemetry);
  let listen: readonly Address[] = config.server.listeners.map(({ address }) => address);
  /** Addresses for checks of other proxies. */
  let checks: Start['checks'] = { http: null, grpc: null };
  let inUse = first;
  let compared: ConfigSource | null = null;
  let embedded: EmbeddedAuthApi | null = null;
  let admin: AdminPort | null = null;
  let closing: Promise<void> | null = null;
  /** One configuration at a time, and no worker begins meanwhile. */
  let turn: Promise<unknown> = Promise.resolve();

  const pool = new WorkerPool({
    count: workers,
    program: options.program,
    sockets: listen.flatMap(({ fd }) => (fd === undefined ? [] : [fd])),
    lines: (text) => telemetry.forwardLines(text),
    log,
    begin: beginning,
    settled: async () => void (await turn),
    gone: (worker) => workerMetrics.gone(worker),
    giveUp: gaveUp.resolve,
    async revoked(revocation, from) {
      engine.started()?.resolver.revocations.receive(revocation);
      return await announceToWorkers(revocation, from);
    },
    recorded: ({ text }) => engine.recorder.write(text),
  });
  telemetry.watchWorkers(() => ({
    serving: pool.serving,
    restarts: pool.restarts,
    requests: workerMetrics.requests(workers),
  }));

  async function announceToWorkers(revocation: Revocation, except: WorkerProcess | null): Promise<'delivered'> {
    await pool.requestAll({ do: 'revoke', revocation }, done, revokeMs, except);
    return 'delivered';
  }

  /** Created and sent in one turn, with all revocations so far: later ones are announced to the worker. */
  function beginning(worker: number): Start {
    return {
      do: 'start',
      worker,
      workers,
      first,
      source: inUse === first ? null : inUse,
      candidate: compared,
      cacheSecret,
      authApi: embedded?.access ?? null,
      listen,
      checks,
      tombstones: engine.current().resolver.revocations.tombstones.data(),
    };
  }

  /** The supervisor does not forward, so it checks no upstreams and has no records, except for their file. It traces only requests to an embedded Auth API. */
  function own(next: Config): Config {
    return {
      ...next,
      cache: { ...next.cache, secret: next.cache.secret ?? cacheSecret },
      upstreams: new Map(),
      records: next.records?.file == null ? null : next.records,
      tracing: embedded === null ? null : next.tracing,
    };
  }

  async function start() {
    const owned: OwnAddress[] = [];
    const claim = async (setting: string, address: Address): Promise<Address> => {
      const claimed = await ownAddress(setting, address);
      owned.push(claimed);
      return claimed.address;
    };
    const claimed: Address[] = [];
    for (const one of listen) claimed.push(one.fd === undefined ? await claim('server.listen', one) : one);
    listen = claimed;
    checks = await claimChecks(config, claim);
    embedded = await embedAuthApi(config, engine, options.onCode);
    engine.use(own(config));
    const { server } = config;
    if (server.admin !== null) {
      const adminParts = adminOf(engine, () => embedded?.authApi ?? null);
      admin = await openAdmin(server.admin, {
        ...adminParts,
        version: options.version,
        metrics: (format) => metricsOf(pool, workerMetrics, telemetry, format),
        ready: async () => ({
          ...(await readyOfAll(pool, workers, await adminParts.ready())),
          refusedReload: configLog.refusedReload(),
        }),
        shadow: async () => await shadowOf(pool, candidate.report()),
        decisions: decisionsOf(recordedByAll(pool), engine.current),
        // Names of credentials may be about to change.
        revoke: async (request, from, by) => {
          await turn;
          return await adminParts.revoke(request, from, by);
        },
        reload: options.reload,
        ...(options.showConfig === undefined ? {} : { showConfig: options.showConfig }),
      });
    }
    const adminAddress = admin?.address ?? null;
    const bound = await pool.start();
    for (const { release } of owned) release();
    const places = {
      ...shownListeners(bound),
      ...(config.authorizer === null ? {} : { authorizer: checks }),
      admin: adminAddress,
    };
    log.info({ ...places, config: config.digest, routes: config.routes.routes.length, workers }, 'started');
    return { listen: bound[0] ?? null, listeners: bound, checks, admin: adminAddress };
  }

  async function take(next: Config, source: ConfigSource): Promise<readonly ConfigProblem[]> {
    if (engine.draining) return [];
    const current = engine.current().config;
    const fixed = configLog.fixed(current, next);
    const before = inUse;
    const responses = await pool.requestAll({ do: 'use', source }, used, useMs);
    const failed = responses.find(({ response }) => response.failed !== null);
    try {
      if (failed !== undefined) throw new Error(failed.response.failed ?? '');
      const skipped = admin?.use(next) ?? [];
      engine.use(own(fixed.includes('authApi.embedded') ? { ...next, authApi: current.authApi } : next));
      engine.tlsPorts.certificatesSkipped(skipped);
    } catch (cause) {
      log.error({ err: cause }, 'not every worker could apply the configuration; all return to the last good one');
      for (const { worker, response } of await pool.requestAll({ do: 'use', source: before }, used, useMs)) {
        // It would use a different configuration from the others; after a restart, it has theirs.
        if (response.failed !== null) worker.kill('it cannot go back', new Error(response.failed));
      }
      const problems = [notUsable(source.file)];
      configLog.refused(problems);
      return problems;
    }
    inUse = source;
    workerMetrics.useRoutes(new Set([noRoute, ...next.routes.routes.map(({ id }) => id)]));
    configLog.reloaded(next);
    return [];
  }

  function inTurn<T>(job: () => Promise<T>): Promise<T> {
    const mine = turn.then(job);
    turn = mine.catch(() => {});
    return mine;
  }

  /** The order matters: first not ready, then no new requests, then the end of those in flight, then their resources. */
  async function end(delayed: boolean): Promise<void> {
    if (delayed) pool.announceEnd();
    await engine.beginEnd(delayed);
    const { drainTimeoutMs } = (engine.started()?.config ?? config).server;
    const clean = await pool.drain(drainTimeoutMs + endMs);
    await engine.drain();
    await embedded?.authApi.close();
    await admin?.close();
    await engine.end();
    if (!clean) throw new Error('workers had to be killed');
  }

  // A process that ends at once also ends the workers; otherwise a worker without a supervisor would finish its requests.
  process.once('exit', () => {
    if (closing !== null) pool.killNow();
  });

  return {
    start,
    apply: (next, source) => inTurn(() => take(next, source)),
    refuseReload: configLog.refused,
    useCandidate(next, source) {
      const ignored = notCompared(engine.started()?.config ?? config, next);
      engine.compare(next, ignored);
      configLog.compared(next, ignored);
      void inTurn(async () => {
        compared = source;
        await pool.requestAll({ do: 'compare', source }, used, useMs);
      });
    },
    refuseCandidate(problems) {
      candidate.refuse(problems);
      configLog.notCompared(problems);
    },
    warn: configLog.warned,
    changed: configLog.changed,
    gaveUp: gaveUp.promise,
    get authApi() {
      return embedded?.authApi ?? null;
    },
    close(delayed = false) {
      closing ??= end(delayed);
      return closing;
    },
  };
}

async function claimChecks(
  { authorizer }: Config,
  claim: (setting: string, address: Address) => Promise<Address>,
): Promise<Start['checks']> {
  const { listen, grpc } = authorizer ?? { listen: null, grpc: null };
  return {
    http: listen === null ? null : await claim('authorizer.listen', listen),
    grpc: grpc === null ? null : await claim('authorizer.grpc.listen', grpc.listen),
  };
}
