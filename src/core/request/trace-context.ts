/** The trace of a request, from its headers (W3C Trace Context, level 2). Headers that violate the grammar are ignored. */
import { isNamed, trimBlanks } from '../syntax/header-fields.ts';
import { readParent } from './trace-parent.ts';

export interface TraceContext {
  /** 32 hex digits in lower case. */
  readonly traceId: string;
  /** The span of the sender: 16 hex digits in lower case. */
  readonly spanId: string;
  /** Those of level 2: bit 0 (the sender records it), bit 1 (the trace id is random). */
  readonly flags: number;
  /** The value of `tracestate`; empty: absent or invalid. */
  readonly state: string;
}

export const sampledFlag = 1;
export const randomFlag = 2;

/** Null: the request has no valid trace. */
export function readTraceContext(rawHeaders: readonly string[]): TraceContext | null {
  const parent = readParent(rawHeaders);
  if (parent === null) return null;
  const flags = Number.parseInt(parent.slice(53, 55), 16) & (sampledFlag | randomFlag);
  return { traceId: parent.slice(3, 35), spanId: parent.slice(36, 52), flags, state: stateOf(rawHeaders) };
}

/** The value of `traceparent`, in version 00. */
export function traceParent({ traceId, spanId, flags }: Omit<TraceContext, 'state'>): string {
  return `00-${traceId}-${spanId}-0${flags}`;
}

/** A key, or a tenant and its system, and a value (section 3.3.1.3). */
const member =
  /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;
const maxMembers = 32;
const maxState = 512;

function stateOf(rawHeaders: readonly string[]): string {
  let values = '';
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (isNamed(rawHeaders[i]!, 'tracestate')) values += `${rawHeaders[i + 1]!},`;
  }
  if (values === '') return '';
  const members = values
    .split(',')
    .map(trimBlanks)
    .filter((one) => one !== '');
  const state = members.join(',');
  if (members.length > maxMembers || state.length > maxState) return '';
  const keys = new Set(members.map((one) => one.slice(0, one.indexOf('='))));
  return keys.size === members.length && members.every((one) => member.test(one)) ? state : '';
}
