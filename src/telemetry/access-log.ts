/**
 * One JSON line per request. The line is put together by hand, since it is the most expensive thing that happens to a
 * warm request; members without a value are left out. The query, credentials and bodies are not in a record, so they
 * cannot be in a line.
 */
import type { LogConfig } from '../config/config.ts';
import { reasons } from '../core/outcome/reasons.ts';
import { asciiJson, jsonText } from './json-text.ts';
import { addressMembers, askedMembers, callerMembers } from './log-memory.ts';
import type { LogSink } from './log-sink.ts';
import { redactValue } from './redaction.ts';
import type { RequestRecord } from './request-record.ts';
import { conditionOf, outcomeOf, shadowedOf } from './route-tally.ts';

/** Longest text of a member, in UTF-16 units. */
const maxLength = { id: 128, path: 1024, userAgent: 256, detail: 512 } as const;

const weight = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, silent: 100 } as const;

/** `ofRoute`: members that the route settles, with the comma before. */
export type AccessLog = (record: RequestRecord, ofRoute: string) => void;

/** Null when no line would ever be written. */
export function createAccessLog(config: LogConfig, sink: LogSink, now: () => number = Date.now): AccessLog | null {
  if (!config.access || config.level === 'silent') return null;
  const least = weight[config.level];
  const openingOf = createOpening(now);
  return (record, ofRoute) => {
    const level = levelOf(record);
    if (weight[level] >= least) sink.write(accessLine(record, ofRoute, level, openingOf(level, record.door)));
  };
}

function levelOf(record: RequestRecord): 'debug' | 'info' | 'warn' | 'error' {
  if (record.reason !== null) return reasons[record.reason].level;
  return record.cut ? 'warn' : 'info';
}

function accessLine(record: RequestRecord, ofRoute: string, level: string, opening: string): string {
  const { decision, reason } = record;
  let line = opening;
  // A connection that was refused before a request could be read has none.
  if (record.requestId !== '') line += `,"requestId":${jsonText(record.requestId, maxLength.id)}`;
  if (record.errorId !== null) line += `,"errorId":${jsonText(record.errorId, maxLength.id)}`;
  line += ofRoute;
  line += askedMembers(record.method, record.host, record.memory);
  if (record.path !== '') line += `,"path":${jsonText(loggedPath(record.path), maxLength.path)}`;
  if (record.status !== 0) line += `,"status":${record.status}`;
  line += `,"outcome":"${outcomeOf(record)}"`;
  if (reason !== null) line += `,"reason":"${reason}","fault":"${reasons[reason].fault}"`;
  const condition = conditionOf(record);
  if (condition !== null) line += `,"condition":"${condition}"`;
  const shadowed = shadowedOf(record);
  if (shadowed !== null) line += `,"shadowed":"${shadowed}"`;
  const { client, target } = record;
  line += decision === null ? addressMembers(client, target) : callerMembers(decision, client, target, record.memory);
  if (record.userAgent !== '') line += `,"userAgent":${jsonText(record.userAgent, maxLength.userAgent)}`;
  if (record.bytesIn > 0) line += `,"bytesIn":${record.bytesIn}`;
  if (record.bytesOut > 0) line += `,"bytesOut":${record.bytesOut}`;
  line += timings(record);
  if (record.aborted) line += ',"aborted":true';
  if (record.cut) line += ',"cut":true';
  line += failureMember(record);
  if (level === 'error') line += causeMember(record);
  return `${line}}\n`;
}

/** Path parameters may carry sessions (`;jsessionid=`), so their values stay out of the log. */
function loggedPath(path: string): string {
  return path.includes(';') || path.includes('%3B') ? path.replace(/(?:;|%3B)[^/]*/g, ';...') : path;
}

function timings(record: RequestRecord): string {
  const { startedAt, decidedAt, answeredAt, endedAt } = record;
  let members = '';
  if (decidedAt > 0) members += `"decide":${milliseconds(decidedAt - startedAt)},`;
  if (decidedAt > 0 && answeredAt > 0) members += `"upstream":${milliseconds(answeredAt - decidedAt)},`;
  return `,"ms":{${members}"total":${milliseconds(endedAt - startedAt)}}`;
}

/** Three decimals, without the cost of printing a fraction; 0 for a clock that was read out of turn. */
function milliseconds(value: number): string {
  const microseconds = value > 0 ? Math.round(value * 1000) : 0;
  if (microseconds < 1000) return belowOne[microseconds]!;
  const whole = Math.floor(microseconds / 1000);
  const rest = microseconds - whole * 1000;
  // Without the zero in front.
  return rest === 0 ? `${whole}` : `${whole}${belowOne[rest]!.slice(1)}`;
}

/** By microseconds. */
const belowOne = Array.from({ length: 1000 }, (_, rest) => (rest === 0 ? '0' : `0.${String(rest).padStart(3, '0')}`));

/** Fixed words, codes, and names from the configuration: `detail` may hold a content type of the Auth API. */
function failureMember({ decision }: RequestRecord): string {
  const failure = decision?.outcome === 'refuse' ? decision.failure : null;
  if (failure === null) return '';
  const { url, kind, detail } = failure;
  return `,"authApi":{"url":${jsonText(url, maxLength.path)},"kind":"${kind}","detail":${jsonText(detail, maxLength.detail)}}`;
}

function causeMember(record: RequestRecord): string {
  const thrown = record.decision?.outcome === 'refuse' ? record.decision.cause : undefined;
  const cause = record.cause ?? thrown;
  if (cause === undefined || cause === null) return '';
  const json = JSON.stringify(redactValue(cause));
  return json === undefined ? '' : `,"err":${asciiJson(json)}`;
}

/** The line up to `door`; lines of the same millisecond mostly have the same. */
function createOpening(now: () => number): (level: string, door: string) => string {
  const timeOf = createClock();
  let lastMs = Number.NaN;
  let lastLevel = '';
  let lastDoor = '';
  let text = '';
  return (level, door) => {
    const nowMs = now();
    if (nowMs === lastMs && level === lastLevel && door === lastDoor) return text;
    lastMs = nowMs;
    lastLevel = level;
    lastDoor = door;
    text = ['{"level":"', level, '","time":"', timeOf(nowMs), '","msg":"request","door":"', door, '"'].join('');
    return text;
  };
}

/** ISO 8601 in UTC; the part up to the second is printed once a second. */
function createClock(): (nowMs: number) => string {
  let second = Number.NaN;
  let text = '';
  return (nowMs) => {
    const current = Math.floor(nowMs / 1000);
    if (current !== second) {
      second = current;
      text = new Date(current * 1000).toISOString().slice(0, 20);
    }
    const rest = Math.floor(nowMs - current * 1000);
    return `${text}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
  };
}
