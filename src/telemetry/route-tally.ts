/** The numbers of one route: what `observe` adds to for every request, and what a scrape reads. */
import { STATUS_CODES } from 'node:http';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { Distribution } from './distribution.ts';
import type { Sample } from './exposition.ts';
import { labeledMethods, metricsCatalog, type RequestOutcome, requestOutcomes } from './metrics-catalog.ts';
import type { RequestRecord } from './request-record.ts';

const methodIndex: ReadonlyMap<string, number> = new Map(labeledMethods.map((method, index) => [method, index]));
const otherMethod = labeledMethods.length;

export class RouteTally {
  readonly duration = new Distribution(metricsCatalog.requestDuration.buckets);
  refusals: Map<ReasonCode, number> | null = null;
  /** By the word of the condition; the configuration names them all. */
  conditions: Map<string, number> | null = null;
  /** By what the rule says of requests that are let through in the shadow: a reason or the word of a condition. */
  shadowed: Map<string, number> | null = null;
  bytesReceived = 0;
  bytesSent = 0;
  aborted = 0;
  cut = 0;
  /** The key of the first request, as most of a route are alike, and how many have it: counted without a map. */
  #firstKey = -1;
  #first = 0;
  /** All others, by `cellKey`: a request finds its counter by one integer. */
  #requests: Map<number, { value: number }> | null = null;

  add(record: RequestRecord): void {
    const key = cellKey(record.method, outcomeIndex(record), record.status);
    if (this.#firstKey < 0) this.#firstKey = key;
    if (key === this.#firstKey) this.#first += 1;
    else this.#addOther(key);
    this.duration.observe((record.endedAt - record.startedAt) / 1000);
    this.bytesReceived += record.bytesIn;
    this.bytesSent += record.bytesOut;
    if (record.reason !== null) this.refusals = oneMore(this.refusals, record.reason);
    const condition = conditionOf(record);
    if (condition !== null) this.conditions = oneMore(this.conditions, condition);
    const shadowed = shadowedOf(record);
    if (shadowed !== null) this.shadowed = oneMore(this.shadowed, shadowed);
    if (record.aborted) this.aborted += 1;
    if (record.cut) this.cut += 1;
  }

  *requestSamples(route: string): Generator<Sample> {
    if (this.#first > 0) yield requestSample(route, this.#firstKey, this.#first);
    for (const [key, cell] of this.#requests ?? []) yield requestSample(route, key, cell.value);
  }

  #addOther(key: number): void {
    this.#requests ??= new Map();
    const cell = this.#requests.get(key);
    if (cell === undefined) this.#requests.set(key, { value: 1 });
    else cell.value += 1;
  }
}

function requestSample(route: string, key: number, value: number): Sample {
  const method = labeledMethods[key >> 13] ?? 'other';
  const outcome = requestOutcomes[(key >> 11) & 3]!;
  return { labels: [route, method, statusLabel(key & 2047), outcome], value };
}

/** Most routes of a large configuration never need such a map. */
function oneMore<W extends string>(counts: Map<W, number> | null, word: W): Map<W, number> {
  const own = counts ?? new Map<W, number>();
  return own.set(word, (own.get(word) ?? 0) + 1);
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
