/** The numbers of routes that requests add to when they are over, and that a scrape reads. */
import { STATUS_CODES } from 'node:http';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { observeAt, samplesAt, widthOf } from './distribution.ts';
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

/**
 * Numbers of the routes of one configuration, each in a row of one piece of memory: of thousands of routes, each piece apart costs
 * more than the work on it.
 */
export class RouteTallies {
  readonly #rows: Float64Array;
  /** By row, what most routes of a large configuration never need; null: nothing of it happened. */
  readonly #rare: (RareNumbers | null)[];

  constructor(rows: number) {
    this.#rows = new Float64Array(rows * rowLength);
    this.#rare = new Array<null>(rows).fill(null);
  }

  /** The row goes on with the numbers that another one had before. */
  goOn(row: number, before: RouteTallies, rowBefore: number): void {
    const at = rowBefore * rowLength;
    this.#rows.set(before.#rows.subarray(at, at + rowLength), row * rowLength);
    this.#rare[row] = before.#rare[rowBefore]!;
  }

  add(row: number, record: RequestRecord): void {
    const rows = this.#rows;
    const at = row * rowLength;
    const key = cellKey(record.method, outcomeIndex(record), record.status);
    if (rows[at + firstKey] === 0) rows[at + firstKey] = key + 1;
    if (rows[at + firstKey] === key + 1) rows[at + first]! += 1;
    else this.#addOther(row, key);
    observeAt(rows, at + durations, buckets, (record.endedAt - record.startedAt) / 1000);
    rows[at + received]! += record.bytesIn;
    rows[at + sent]! += record.bytesOut;
    if (record.reason !== null) this.#addReason(row, record, record.reason);
    const shadowed = shadowedOf(record);
    if (shadowed !== null) oneMore(this.#rareNumbers(row).shadowed, shadowed);
    if (record.aborted) this.#rareNumbers(row).aborted += 1;
    if (record.cut) this.#rareNumbers(row).cut += 1;
  }

  rare(row: number): Readonly<RareNumbers> {
    return this.#rare[row] ?? nothingRare;
  }

  bytesReceived(row: number): number {
    return this.#rows[row * rowLength + received]!;
  }

  bytesSent(row: number): number {
    return this.#rows[row * rowLength + sent]!;
  }

  durationSamples(row: number, route: string): Generator<Sample> {
    return samplesAt(this.#rows, row * rowLength + durations, buckets, [route]);
  }

  *requestSamples(row: number, route: string): Generator<Sample> {
    const at = row * rowLength;
    const count = this.#rows[at + first]!;
    if (count > 0) yield requestSample(route, this.#rows[at + firstKey]! - 1, count);
    for (const [key, value] of this.rare(row).requests) yield requestSample(route, key, value);
  }

  #addOther(row: number, key: number): void {
    const { requests } = this.#rareNumbers(row);
    requests.set(key, (requests.get(key) ?? 0) + 1);
  }

  #addReason(row: number, record: RequestRecord, reason: ReasonCode): void {
    const { refusals, conditions } = this.#rareNumbers(row);
    oneMore(refusals, reason);
    const condition = conditionOf(record);
    if (condition !== null) oneMore(conditions, condition);
  }

  #rareNumbers(row: number): RareNumbers {
    this.#rare[row] ??= new RareNumbers();
    return this.#rare[row];
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
