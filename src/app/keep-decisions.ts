/**
 * Keeps decisions, so that an operator can find one by its id. Telemetry chooses the requests. A record is the log line of the request and
 * what is needed to explain it (`policy-tools/replay`).
 */
import type { Config, RecordsConfig } from '../config/config.ts';
import type { Decision } from '../core/decision.ts';
import { selectSource } from '../identity/sources/select-source.ts';
import {
  type DecidedRequest,
  type DecisionRecord,
  type Reads,
  readsOf,
  recordOf,
} from '../policy-tools/replay/decision-record.ts';
import { explainRecord, isAsExplained } from '../policy-tools/replay/explain-record.ts';
import { forwardingOf, policyOf } from '../policy-tools/run-cases.ts';
import { readView } from '../proxy/read-view.ts';
import { RequestContext } from '../proxy/request-context.ts';
import { connectRedis } from '../redis/connect-redis.ts';
import type { RedisLink } from '../redis/redis-link.ts';
import { requestLine } from '../telemetry/log/access-log.ts';
import type { KeepEvents } from '../telemetry/metrics/decision-metrics.ts';
import { type DecisionFilter, type KeptDecision, RecentDecisions } from '../telemetry/records/recent-decisions.ts';
import { SharedDecisions } from '../telemetry/records/shared-decisions.ts';
import { reasonOf } from '../telemetry/request-outcome.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import type { Runtime } from './create-runtime.ts';
import { shortenDecision } from './shorten-decision.ts';

/** The content of a kept text. */
export interface RecordedRequest {
  /** The members of the log line. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly secure: boolean;
  /** Null: nothing that rules could decide, or that may be kept. */
  readonly decided: DecisionRecord | null;
  /** Lists and texts were cut to share the record; if unset: it is whole. */
  readonly shortened?: { readonly identity: DecisionRecord['identity'] };
}

/** Plain data for the admin port. */
export interface FoundDecision {
  readonly request: RecordedRequest['request'];
  /** Who sent the request; null: not known. */
  readonly identity: DecisionRecord['identity'];
  /** Under the current rules; null: it cannot be explained. */
  readonly explanation: object | null;
  /** The current rules decide differently. */
  readonly rulesChanged: boolean;
  /** Only the beginning of lists and texts was shared, and nothing that could be explained. */
  readonly shortened: boolean;
}

export class DecisionKeeper {
  readonly #events: KeepEvents;
  readonly #now: () => number;
  #settings: RecordsConfig | null = null;
  #recent: RecentDecisions | null = null;
  #shared: SharedDecisions | null = null;
  #link: RedisLink | null = null;
  /** The settings from which the members above were created. */
  #madeOf = '';
  #runtime: Runtime | null = null;
  #reads: Reads = { query: [], headers: [], client: false };
  #second = 0;
  #inSecond = 0;

  constructor(events: KeepEvents, now: () => number = Date.now) {
    this.#events = events;
    this.#now = now;
  }

  /** Called at start and at each reload. */
  use(runtime: Runtime): void {
    const { records, routes, cache } = runtime.config;
    this.#runtime = runtime;
    this.#reads = readsOf(routes.routes);
    const madeOf = JSON.stringify([records, cache.redis, cache.secret, cache.previousSecrets]);
    if (madeOf === this.#madeOf) return;
    this.close();
    this.#madeOf = madeOf;
    this.#settings = records;
    if (records === null) return;
    this.#recent = new RecentDecisions(records.most, records.keepMs);
    this.#share(runtime.config, records);
  }

  #share({ cache }: Config, { most, keepMs }: RecordsConfig): void {
    const { redis, secret, previousSecrets } = cache;
    if (redis === null || secret === null) return;
    this.#link = connectRedis(redis, { name: 'rolegate-decisions' });
    const { keyPrefix } = redis;
    this.#shared = new SharedDecisions({ link: this.#link, keyPrefix, secret, previousSecrets, most, keepMs });
  }

  /** For a request that has ended. Never throws. */
  keep(record: RequestRecord): void {
    if (this.#settings === null) return;
    if (!this.#hasRoom(this.#settings)) {
      this.#events.kept('dropped');
      return;
    }
    let kept: KeptDecision;
    try {
      kept = this.#keptOf(record);
    } catch {
      // A fault here must not reach the traffic.
      this.#events.kept('dropped');
      return;
    }
    this.#recent?.add(kept);
    this.#events.kept('kept');
    void this.#shared?.add(kept, shortenDecision).then((shared) => {
      if (!shared) this.#events.kept('unshared');
    });
  }

  #hasRoom({ perSecond }: RecordsConfig): boolean {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    this.#inSecond += 1;
    return this.#inSecond <= perSecond;
  }

  #keptOf(record: RequestRecord): KeptDecision {
    const nowMs = this.#now();
    const secure = record instanceof RequestContext && record.proto === 'https';
    const decided = JSON.stringify(this.#decidedOf(record, nowMs));
    return {
      atMs: nowMs,
      errorId: record.errorId,
      requestId: record.requestId.slice(0, 128),
      route: record.decision?.route?.id ?? null,
      reason: reasonOf(record),
      userId: record.decision?.identity?.userId ?? null,
      // A `RecordedRequest`. Joined: concatenation would retain every part of the line, in three times the memory.
      text: ['{"request":', requestLine(record, nowMs), `,"secure":${secure},"decided":`, decided, '}'].join(''),
    };
  }

  #decidedOf(record: RequestRecord, nowMs: number): DecisionRecord | null {
    const { decision } = record;
    if (decision === null || this.#runtime === null || !(record instanceof RequestContext)) return null;
    const { config, policy } = this.#runtime;
    const view = readView(record, this.#runtime, config.server.trustedProxies);
    const decided = { view, decision, credential: null, resolution: resolutionOf(decision) };
    return recordOf(decided, policy, this.#reads, nowMs);
  }

  /** Null: there is none with this id, or it is too old. */
  async find(id: string): Promise<KeptDecision | null> {
    const found = this.#recent?.find(id, this.#now()) ?? null;
    return found ?? (await this.#shared?.find(id, this.#now()).catch(() => null)) ?? null;
  }

  /** Newest first: of all replicas, or of this process if Redis does not respond. */
  async list(filter: DecisionFilter, most: number): Promise<readonly KeptDecision[]> {
    const shared = await this.#shared?.list(filter, most, this.#now()).catch(() => null);
    return shared ?? this.#recent?.list(filter, most, this.#now()) ?? [];
  }

  close(): void {
    this.#link?.close();
    this.#link = null;
    this.#shared = null;
    this.#recent = null;
    this.#settings = null;
    this.#madeOf = '';
  }
}

export function explainKept({ config }: Runtime, { text }: KeptDecision): FoundDecision {
  const { request, secure, decided, shortened } = JSON.parse(text) as RecordedRequest;
  if (decided === null) {
    const identity = shortened?.identity ?? null;
    return { request, identity, explanation: null, rulesChanged: false, shortened: shortened !== undefined };
  }
  const explanation = explainRecord(decided, secure, {
    policy: policyOf(config),
    roles: config.roles,
    rules: forwardingOf(config),
    sourceOf: (credential) => selectSource(credential, config.sourceRule),
  });
  const rulesChanged = !isAsExplained(decided, explanation);
  return { request, identity: decided.identity, explanation, rulesChanged, shortened: false };
}

/** The result of the source, as far as the decision shows it; null: no source was called. */
function resolutionOf(decision: Decision): DecidedRequest['resolution'] {
  const { identity } = decision;
  if (identity !== null) return { identity, reason: null };
  if (decision.outcome !== 'refuse' || decision.stage !== 'resolve') return null;
  return { identity: null, reason: decision.reason };
}
