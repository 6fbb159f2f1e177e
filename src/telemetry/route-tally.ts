/**
 * What a request needs of its route when it is over: the numbers that it adds to, which a scrape reads, and the route's part of
 * the log line.
 */
import { STATUS_CODES } from 'node:http';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { Route } from '../core/routing/route.ts';
import { type Distribution, observeAt, samplesAt, widthOf } from './distribution.ts';
import type { Sample } from './exposition.ts';
import { labeledMethods, metricsCatalog, type RequestOutcome, requestOutcomes } from './metrics-catalog.ts';
import type { RequestRecord } from './request-record.ts';

const methodIndex: ReadonlyMap<string, number> = new Map(labeledMethods.map((method, index) => [method, index]));
const otherMethod = labeledMethods.length;

const { buckets } = metricsCatalog.requestDuration;

/*
 * A row holds the key of the first request, one more than that, as most of a route are alike, and how many have it; bytes
 * received and sent; and the durations. What a quick request adds to lies in one line of the processor's caches.
 */
const firstKey = 0;
const first = 1;
const received = 2;
const sent = 3;
const durations = 4;
const rowLength = 8 * Math.ceil((durations + widthOf(buckets)) / 8);

/** Numbers of so many routes, all in one piece: of thousands of routes, each piece apart costs more than the work on it. */
export function rowsOf(routes: number): Float64Array {
  return new Float64Array(routes * rowLength);
}

export class RouteTally {
  /** Null: requests without a route. */
  readonly route: Route | null;
  /** Members of the log line that the route settles, with the comma before. */
  readonly members: string;
  /** Durations of its upstream. */
  readonly upstream: Distribution;
  readonly #rows: Float64Array;
  /** Where its row begins. */
  readonly #at: number;
  /** What most routes of a large configuration never need; null: nothing of it happened. */
  #rare: RareNumbers | null;

  /** `row`: which of the rows is its own; `before`: whose numbers it goes on with. */
  constructor(
    route: Route | null,
    members: string,
    upstream: Distribution,
    rows: Float64Array,
    row: number,
    before: RouteTally | null,
  ) {
    this.route = route;
    this.members = members;
    this.upstream = upstream;
    this.#rows = rows;
    this.#at = row * rowLength;
    this.#rare = before === null ? null : before.#rare;
    if (before !== null) rows.set(before.#rows.subarray(before.#at, before.#at + rowLength), this.#at);
  }

  add(record: RequestRecord): void {
    const rows = this.#rows;
    const at = this.#at;
    const key = cellKey(record.method, outcomeIndex(record), record.status);
    if (rows[at + firstKey] === 0) rows[at + firstKey] = key + 1;
    if (rows[at + firstKey] === key + 1) rows[at + first]! += 1;
    else this.#addOther(key);
    observeAt(rows, at + durations, buckets, (record.endedAt - record.startedAt) / 1000);
    rows[at + received]! += record.bytesIn;
    rows[at + sent]! += record.bytesOut;
    if (record.reason !== null) this.#addReason(record, record.reason);
    const shadowed = shadowedOf(record);
    if (shadowed !== null) oneMore(this.#rareNumbers().shadowed, shadowed);
    if (record.aborted) this.#rareNumbers().aborted += 1;
    if (record.cut) this.#rareNumbers().cut += 1;
  }

  get rare(): Readonly<RareNumbers> {
    return this.#rare ?? nothingRare;
  }

  get bytesReceived(): number {
    return this.#rows[this.#at + received]!;
  }

  get bytesSent(): number {
    return this.#rows[this.#at + sent]!;
  }

  durationSamples(route: string): Generator<Sample> {
    return samplesAt(this.#rows, this.#at + durations, buckets, [route]);
  }

  *requestSamples(route: string): Generator<Sample> {
    const count = this.#rows[this.#at + first]!;
    if (count > 0) yield requestSample(route, this.#rows[this.#at + firstKey]! - 1, count);
    for (const [key, value] of this.rare.requests) yield requestSample(route, key, value);
  }

  #addOther(key: number): void {
    const { requests } = this.#rareNumbers();
    requests.set(key, (requests.get(key) ?? 0) + 1);
  }

  #addReason(record: RequestRecord, reason: ReasonCode): void {
    const { refusals, conditions } = this.#rareNumbers();
    oneMore(refusals, reason);
    const condition = conditionOf(record);
    if (condition !== null) oneMore(conditions, condition);
  }

  #rareNumbers(): RareNumbers {
    this.#rare ??= new RareNumbers();
    return this.#rare;
  }
}

class RareNumbers {
  /** By `cellKey`, all requests but those with the key of the first one. */
  readonly requests = new Map<number, number>();
  readonly refusals = new Map<ReasonCode, number>();
  /** By the word of the condition; the configuration names them all. */
  readonly conditions = new Map<string, number>();
  /** By what the rule says of requests that are let through in the shadow: a reason or the word of a condition. */
  readonly shadowed = new Map<string, number>();
  aborted = 0;
  cut = 0;
}

const nothingRare: Readonly<RareNumbers> = new RareNumbers();

function requestSample(route: string, key: number, value: number): Sample {
  const method = labeledMethods[key >> 13] ?? 'other';
  const outcome = requestOutcomes[(key >> 11) & 3]!;
  return { labels: [route, method, statusLabel(key & 2047), outcome], value };
}

function oneMore<W extends string>(counts: Map<W, number>, word: W): void {
  counts.set(word, (counts.get(word) ?? 0) + 1);
}

/** How a request ended, for metrics and log alike. */
export function outcomeOf(record: RequestRecord): RequestOutcome {
  return requestOutcomes[outcomeIndex(record)]!;
}

/** The word of the condition that was not met, or null. */
export function conditionOf({ decision, reason }: RequestRecord): string | null {
  if (reason !== 'condition_failed' || decision?.outcome !== 'refuse') return null;
  return decision.condition?.word ?? null;
}

/** Why the rule of a route in shadow mode refuses a request that it lets through: the word of its condition, or the reason. */
export function shadowedOf({ decision }: RequestRecord): string | null {
  const refused = decision?.outcome === 'allow' ? decision.shadowed : null;
  return refused === null ? null : (refused.condition?.word ?? refused.reason);
}

function outcomeIndex(record: RequestRecord): 0 | 1 | 2 | 3 {
  if (record.decision === null) return record.reason === null ? 3 : 1;
  if (record.decision.outcome === 'refuse') return 1;
  return record.reason === null ? 0 : 2;
}

/** 11 bits of status, 2 of outcome, then the method. */
function cellKey(method: string, outcome: number, status: number): number {
  return ((methodIndex.get(method) ?? otherMethod) << 13) | (outcome << 11) | foldStatus(status);
}

/** Statuses that RFC 9110 or the registry knows stay; an invented one counts as its class, in steps of 100 beyond 1000. */
function foldStatus(status: number): number {
  if (known[status] === 1) return status;
  return status >= 100 && status < 1000 ? 1000 + Math.floor(status / 100) : 0;
}

function statusLabel(folded: number): string {
  if (folded === 0) return 'none';
  return folded > 1000 ? `${folded - 1000}xx` : String(folded);
}

const known = new Uint8Array(1000);
for (const status of Object.keys(STATUS_CODES)) known[Number(status)] = 1;
