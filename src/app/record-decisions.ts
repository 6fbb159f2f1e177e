/**
 * The recorder of decisions. Telemetry passes it requests that have ended and that it has chosen. A record is the log line of the request
 * and what is needed to decide it again (`policy-tools/replay`). It goes to memory, to Redis and to a file; a candidate sees every decision.
 */
import type { Config, RecordsConfig } from '../config/config.ts';
import { extractCredential } from '../core/credential/extract-credential.ts';
import { type Reads, readsOf, recordOf } from '../policy-tools/replay/decision-record.ts';
import type { Decided } from '../policy-tools/shadow/decide-alike.ts';
import { connectRedis } from '../redis/connect-redis.ts';
import type { RedisLink } from '../redis/redis-link.ts';
import { readView } from '../request-line/read-view.ts';
import { RequestContext } from '../request-line/request-context.ts';
import { requestLine } from '../telemetry/log/access-log.ts';
import type { RecordEvents } from '../telemetry/metrics/decision-metrics.ts';
import type { DecisionFile } from '../telemetry/records/decision-file.ts';
import {
  byErrorIdFirst,
  type DecisionFilter,
  type KeptDecision,
  newest,
  RecentDecisions,
} from '../telemetry/records/recent-decisions.ts';
import { RecordBudget } from '../telemetry/records/record-budget.ts';
import { SharedDecisions } from '../telemetry/records/shared-decisions.ts';
import type { Recording } from '../telemetry/request-observer.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import { reasonOf } from '../telemetry/request-record.ts';
import type { Runtime } from './create-runtime.ts';
import type { ShadowCandidate } from './shadow-candidate.ts';
import { shortenDecision } from './shorten-decision.ts';

/** Where the lines of the file go: to the file, or to the process that has it. */
export type FileOutput = Pick<DecisionFile, 'write' | 'close'>;
export type OpenFile = (settings: FileSettings) => FileOutput;
export type FileSettings = Pick<RecordsConfig, 'fileSizeBytes'> & { readonly file: string };

/** What the settings create; replaced as a whole. */
interface Outputs {
  readonly budget: RecordBudget;
  readonly recent: RecentDecisions;
  readonly link: RedisLink | null;
  readonly shared: SharedDecisions | null;
  readonly file: FileOutput | null;
}

export class DecisionRecorder {
  readonly #events: RecordEvents;
  readonly #candidate: ShadowCandidate;
  readonly #openFile: OpenFile;
  readonly #instance: string;
  readonly #now: () => number;
  #outputs: Outputs | null = null;
  /** The settings from which the outputs were created. */
  #madeOf = '';
  #runtime: Runtime | null = null;
  #reads: Reads = { query: [], headers: [], client: false };

  /** `instance`: the name of this replica, for each record. */
  constructor(
    events: RecordEvents,
    candidate: ShadowCandidate,
    openFile: OpenFile,
    instance: string,
    now: () => number = Date.now,
  ) {
    this.#events = events;
    this.#candidate = candidate;
    this.#openFile = openFile;
    this.#instance = instance;
    this.#now = now;
  }

  /** Called at start and at each reload. */
  use(runtime: Runtime): void {
    const { records, routes, cache } = runtime.config;
    this.#runtime = runtime;
    this.#reads = readsOf(routes.routes);
    const madeOf = JSON.stringify([records, cache.redis, cache.secret, cache.previousSecrets]);
    if (madeOf === this.#madeOf) return;
    void this.close();
    this.#madeOf = madeOf;
    this.#outputs = records === null ? null : this.#open(records, runtime.config);
  }

  #open(records: RecordsConfig, { cache: { redis, secret, previousSecrets } }: Config): Outputs {
    const { max: most, keepMs, perSecond, file, fileSizeBytes } = records;
    const { evicted } = this.#events;
    const link = redis === null || secret === null ? null : connectRedis(redis, { name: 'rolegate-decisions' });
    const keyPrefix = redis?.keyPrefix ?? '';
    return {
      budget: new RecordBudget(perSecond),
      recent: new RecentDecisions(most, keepMs, evicted),
      link,
      shared:
        link === null || secret === null
          ? null
          : new SharedDecisions({ link, keyPrefix, secret, previousSecrets, most, keepMs, evicted }),
      file: file === null ? null : this.#openFile({ file, fileSizeBytes }),
    };
  }

  /** For telemetry, after each `use` of a configuration or a candidate. */
  recording(): Recording | null {
    const records = this.#outputs === null ? null : (this.#runtime?.config.records ?? null);
    const every = this.#candidate.active;
    if (records === null && !every) return null;
    return {
      allowedSample: records?.allowedSample ?? 0,
      every,
      ended: (record, chosen) => this.#ended(record, chosen),
    };
  }

  #ended(record: RequestRecord, chosen: boolean): void {
    const chosenBy = chosen ? this.#outputs : null;
    const fits = chosenBy?.budget.take(reasonOf(record), this.#now()) ?? false;
    if (chosenBy !== null && !fits) this.#events.recorded('dropped');
    if (!fits && !this.#candidate.active) return;
    try {
      const decided = this.#decidedOf(record);
      if (chosenBy !== null && fits) this.#record(this.#keptOf(record, decided), chosenBy);
      if (decided !== null && this.#candidate.active) this.#candidate.look(decided);
    } catch {
      // A fault here must not reach the traffic.
      if (fits) this.#events.recorded('dropped');
    }
  }

  #record(kept: KeptDecision, { recent, shared, file }: Outputs): void {
    recent.add(kept);
    this.#events.recorded('kept');
    file?.write(kept.text);
    void shared?.add(kept, shortenDecision).then((isShared) => {
      if (!isShared) this.#events.recorded('unshared');
    });
  }

  #keptOf(record: RequestRecord, decided: Decided | null): KeptDecision {
    const nowMs = this.#now();
    const secure = record instanceof RequestContext && record.proto === 'https';
    const { identity = null, route = null } = record.decision ?? {};
    const again =
      decided === null || this.#runtime === null ? null : recordOf(decided, this.#runtime.policy, this.#reads, nowMs);
    return {
      atMs: nowMs,
      errorId: record.errorId,
      requestId: record.requestId.slice(0, 128),
      route: route?.id ?? null,
      reason: reasonOf(record),
      userId: identity?.userId ?? null,
      keyId: identity?.keyId ?? null,
      client: record.client,
      // A `RecordedRequest`. Joined: concatenation would retain every part of the line, in three times the memory.
      text: [
        `{"request":${requestLine(record, this.#instance, nowMs)},"secure":${secure},"config":"${this.#runtime?.config.digest ?? ''}","decided":${JSON.stringify(again)}`,
        again === null ? '}' : `,"reads":${JSON.stringify(this.#reads)}}`,
      ].join(''),
    };
  }

  /** Null: nothing that rules could decide. */
  #decidedOf(record: RequestRecord): Decided | null {
    const { decision } = record;
    if (decision === null || this.#runtime === null || !(record instanceof RequestContext)) return null;
    const { config, policy } = this.#runtime;
    const view = readView(record, this.#runtime, config.server.trustedProxies);
    const { request, resolution, route } = decision;
    const extraction =
      resolution === null || request === null
        ? null
        : extractCredential(request, view.rawHeaders, policy.credentials, route?.credentials ?? null, view.certificate);
    return { view, decision, credential: typeof extraction === 'string' ? null : extraction, resolution };
  }

  /** Null: there is none with this id, or it is too old. */
  async find(id: string): Promise<KeptDecision | null> {
    const own = this.#outputs?.recent.find(id, this.#now()) ?? null;
    if (own?.errorId === id) return own;
    const shared = (await this.#outputs?.shared?.find(id, this.#now()).catch(() => null)) ?? null;
    return byErrorIdFirst(
      id,
      [own, shared].flatMap((one) => one ?? []),
    );
  }

  /** Newest first, of this process and, if Redis responds, of all replicas. */
  async list(filter: DecisionFilter, most: number): Promise<readonly KeptDecision[]> {
    const own = this.#outputs?.recent.list(filter, most, this.#now()) ?? [];
    const shared = (await this.#outputs?.shared?.list(filter, most, this.#now()).catch(() => null)) ?? [];
    return newest([...own, ...shared], most);
  }

  /** A record of another process of this gateway, for the file. */
  write(text: string): void {
    this.#outputs?.file?.write(text);
  }

  async close(): Promise<void> {
    const outputs = this.#outputs;
    this.#outputs = null;
    this.#madeOf = '';
    outputs?.link?.close();
    await outputs?.file?.close();
  }
}
