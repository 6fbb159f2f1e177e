/**
 * One JSON line per request. It is hand-written, because `pino` would add about 6 % to the CPU of a request. Members without a value are
 * absent; `docs/reference/log.md` describes them. The query, credentials and bodies are not in a record, so they cannot be in a line.
 */
import type { LogConfig } from '../../config/config.ts';
import type { Decision } from '../../core/decision.ts';
import { conditionOf, outcomeOf, type RequestRecord, reasonOf, recordedReasons } from '../request-record.ts';
import { asciiJson, boundedJson } from './ascii-json.ts';
import type { LogOutput } from './log-output.ts';
import { redactValue } from './redaction.ts';

/** Maximum length of a member, in UTF-16 units. */
const maxLength = {
  id: 128,
  name: 256,
  method: 32,
  host: 255,
  path: 1024,
  target: 300,
  userAgent: 256,
  source: 1024,
  detail: 512,
} as const;

/** Unit tests may omit the rest, which then has the default. */
export type LogSettings = Pick<LogConfig, 'level' | 'access'> & Partial<LogConfig>;

const weight = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, silent: 100 } as const;

/** `chosen`: it is not only one of many allowed requests. */
export type WriteLine = (record: RequestRecord, chosen: boolean) => void;

/** Null if no line would ever be written. */
export function createAccessLog(
  config: LogSettings,
  output: Pick<LogOutput, 'write'>,
  now: () => number = Date.now,
): WriteLine | null {
  const { access, instance = '', slowRequestMs = Infinity } = config;
  if ((!access && slowRequestMs === Infinity) || config.level === 'silent') return null;
  const least = weight[config.level];
  let time = '';
  let timeMs = Number.NaN;

  /** Lines of the same millisecond share the text. */
  function timeText(): string {
    const nowMs = now();
    if (nowMs !== timeMs) {
      timeMs = nowMs;
      time = new Date(nowMs).toISOString();
    }
    return time;
  }

  return (record, chosen) => {
    const slow = isSlow(record, slowRequestMs);
    if (!slow && (!access || (access === 'sampled' && !chosen))) return;
    const level = slow && levelOf(record) !== 'error' ? 'warn' : levelOf(record);
    if (weight[level] >= least) output.write(`${accessLine(record, instance, level, timeText(), slow)}\n`);
  };
}

/** The same object as JSON for another use, whatever the log is set to. */
export function requestLine(record: RequestRecord, instance: string, nowMs: number): string {
  return accessLine(record, instance, levelOf(record), new Date(nowMs).toISOString(), false);
}

function levelOf(record: RequestRecord): 'debug' | 'info' | 'warn' | 'error' {
  if (record.cut && record.reason === null) return 'warn';
  const reason = reasonOf(record);
  return reason === null ? 'info' : recordedReasons[reason].level;
}

/** Measured until its response began: a stream may take any time. */
function isSlow({ startedAt, respondedAt, endedAt }: RequestRecord, slowRequestMs: number): boolean {
  return (respondedAt > 0 ? respondedAt : endedAt) - startedAt > slowRequestMs;
}

function accessLine(record: RequestRecord, instance: string, level: string, time: string, slow: boolean): string {
  const { decision, errorId, traceId, method, host, path, client, target, userAgent } = record;
  const outcome = outcomeOf(record);
  const failed = outcome === 'refuse' || outcome === 'fail';
  let line = `{"level":"${level}","time":"${time}","msg":"request"`;
  if (instance !== '') line += `,"instance":${jsonText(instance, maxLength.name)}`;
  line += `,"entrypoint":"${record.entrypoint}"`;
  if (record.dialect !== null) line += `,"dialect":"${record.dialect}"`;
  // A connection that was refused before a request could be read has none.
  if (record.requestId !== '') line += `,"requestId":${jsonText(record.requestId, maxLength.id)}`;
  if (errorId !== null) line += `,"errorId":${jsonText(errorId, maxLength.id)}`;
  if (traceId !== null) line += `,"traceId":"${traceId}"`;
  if (decision !== null && decision.route !== null) {
    const { id, upstream } = decision.route;
    line += `,"route":${jsonText(id, maxLength.name)}`;
    // Empty where Rolegate only decides.
    if (upstream !== '') line += `,"upstream":${jsonText(upstream, maxLength.name)}`;
  }
  if (method !== '') line += `,"method":${jsonText(method, maxLength.method)}`;
  if (host !== '') line += `,"host":${jsonText(host, maxLength.host)}`;
  if (path !== '') line += `,"path":${jsonText(loggedPath(path), maxLength.path)}`;
  if (record.status !== 0) line += `,"status":${record.status}`;
  line += `,"outcome":"${outcome}"`;
  if (failed || errorId !== null) line += reasonMembers(record);
  if (decision !== null) line += decisionMembers(decision);
  if (client !== '') line += `,"client":${jsonText(client, maxLength.id)}`;
  if (target !== null) line += `,"target":${jsonText(target, maxLength.target)}`;
  if (userAgent !== '') line += `,"userAgent":${jsonText(userAgent, maxLength.userAgent)}`;
  if (record.bytesIn > 0) line += `,"bytesIn":${record.bytesIn}`;
  if (record.bytesOut > 0) line += `,"bytesOut":${record.bytesOut}`;
  line += timings(record);
  if (slow) line += ',"slow":true';
  if (record.aborted) line += ',"aborted":true';
  if (record.cut) line += ',"cut":true';
  if (failed) line += authApiMember(record);
  // A sign-in that a provider refuses may be a fault of the client's registration, which only its words show.
  if (level === 'error' || record.reason === 'sign_in_failed') line += causeMember(record);
  return `${line}}`;
}

function decisionMembers(decision: Decision): string {
  const { stage, identity, source } = decision;
  let members = `,"stage":"${stage}"`;
  if (identity !== null) {
    members += `,"userId":${jsonText(identity.userId, maxLength.id)},"identitySource":${jsonText(identity.source, maxLength.id)}`;
    if (identity.sessionId !== null) members += `,"sessionId":${jsonText(identity.sessionId, maxLength.id)}`;
    if (identity.keyId !== null) members += `,"keyId":${jsonText(identity.keyId, maxLength.id)}`;
  }
  if (source !== 'none') members += `,"source":"${source}"`;
  if (decision.outcome === 'allow' && decision.stale) members += ',"stale":true';
  return members;
}

/** Path parameters may carry sessions (`;jsessionid=`), so their values stay out of the log. */
export function loggedPath(path: string): string {
  return path.includes(';') || path.includes('%3B') ? path.replace(/(?:;|%3B)[^/]*/g, ';...') : path;
}

function timings(record: RequestRecord): string {
  const { startedAt, decidedAt, respondedAt, endedAt } = record;
  let members = '';
  if (decidedAt > 0) members += `"decide":${milliseconds(decidedAt - startedAt)},`;
  if (decidedAt > 0 && respondedAt > 0) members += `"upstream":${milliseconds(respondedAt - decidedAt)},`;
  return `,"ms":{${members}"total":${milliseconds(endedAt - startedAt)}}`;
}

/** To the microsecond; 0 if the clock was read out of order. */
function milliseconds(value: number): number {
  return value > 0 ? Math.round(value * 1000) / 1000 : 0;
}

/** Characters that must be escaped in ASCII JSON strings. */
const toEscape = /[^ !#-[\]-~]/;

/** Quotes `text`; text beyond `length` UTF-16 units is replaced by "...". */
function jsonText(text: string, length: number): string {
  return text.length > length || toEscape.test(text) ? boundedJson(text, length) : `"${text}"`;
}

function reasonMembers(record: RequestRecord): string {
  const reason = reasonOf(record);
  if (reason === null) return '';
  const condition = conditionOf(record);
  const members = `,"reason":"${reason}","fault":"${recordedReasons[reason].fault}"`;
  return condition === null ? members : `${members},"condition":"${condition}"`;
}

/** Fixed words, codes, and names from the configuration: `detail` may contain a content type of the Auth API. */
function authApiMember({ decision }: RequestRecord): string {
  if (decision?.outcome !== 'refuse') return '';
  const { failure, rejection } = decision;
  if (rejection !== null) return `,"rejection":"${rejection}"`;
  if (failure === null) return '';
  const { source, url, kind, detail } = failure;
  return `,"authApi":{"source":${boundedJson(source, maxLength.source)},"url":${boundedJson(url, maxLength.source)},"kind":"${kind}","detail":${boundedJson(detail, maxLength.detail)}}`;
}

/** Whatever was thrown, without secrets. */
function causeMember({ decision, cause }: RequestRecord): string {
  const thrown = cause ?? (decision?.outcome === 'refuse' ? decision.cause : null) ?? null;
  const json = thrown === null ? undefined : JSON.stringify(redactValue(thrown));
  return json === undefined ? '' : `,"err":${asciiJson(json)}`;
}
