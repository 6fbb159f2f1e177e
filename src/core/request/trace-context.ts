/**
 * The trace that a request belongs to, as its headers name it (W3C Trace Context, level 2). Headers that do not follow the grammar
 * name no trace.
 */
import { trimBlanks } from '../syntax/header-fields.ts';

export interface TraceContext {
  /** 32 hex digits in lower case. */
  readonly traceId: string;
  /** The span of the sender: 16 hex digits in lower case. */
  readonly spanId: string;
  /** Those of level 2: bit 0 (the sender records it), bit 1 (the trace id is random). */
  readonly flags: number;
  /** The value of `tracestate`; empty: there is none, or it does not follow the grammar. */
  readonly state: string;
}

export const sampledFlag = 1;
export const randomFlag = 2;

/** Version, trace id, parent id, flags: in lower case, and ids not all zero (section 3.2.2). Version ff is forbidden. */
const parentForm = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;
/** Of version 00; later versions may have more after a "-". */
const parentLength = 55;

/** Null: the request names no trace, or names it in a wrong way. */
export function readTraceContext(rawHeaders: readonly string[]): TraceContext | null {
  const [parent, ...more] = valuesOf(rawHeaders, 'traceparent');
  if (parent === undefined || more.length > 0) return null;
  const [, version, traceId, spanId, flags] = parentForm.exec(parent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  if (version === '00' && parent.length !== parentLength) return null;
  const known = Number.parseInt(flags, 16) & (sampledFlag | randomFlag);
  return { traceId, spanId, flags: known, state: stateOf(rawHeaders) };
}

/** The same, for the id alone. */
export function traceIdOf(rawHeaders: readonly string[]): string | null {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === 11 && name.toLowerCase() === 'traceparent')
      return readTraceContext(rawHeaders)?.traceId ?? null;
  }
  return null;
}

/** The value of `traceparent`, in version 00. */
export function traceParent({ traceId, spanId, flags }: Omit<TraceContext, 'state'>): string {
  return `00-${traceId}-${spanId}-0${flags}`;
}

function valuesOf(rawHeaders: readonly string[], header: string): string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === header.length && name.toLowerCase() === header) values.push(rawHeaders[i + 1]!);
  }
  return values;
}

/** A key, or a tenant and its system, and a value (section 3.3.1.3). */
const member =
  /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;
const mostMembers = 32;
const longestState = 512;

function stateOf(rawHeaders: readonly string[]): string {
  const members = valuesOf(rawHeaders, 'tracestate')
    .flatMap((value) => value.split(','))
    .map(trimBlanks)
    .filter((one) => one !== '');
  const state = members.join(',');
  if (members.length > mostMembers || state.length > longestState) return '';
  const keys = new Set(members.map((one) => one.slice(0, one.indexOf('='))));
  return keys.size === members.length && members.every((one) => member.test(one)) ? state : '';
}
