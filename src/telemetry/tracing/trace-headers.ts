/** Headers that name a trace to a service or a source, and ids of new traces. */
import { randomFillSync } from 'node:crypto';
import { randomFlag, type TraceContext, traceParent } from '../../core/request/trace-context.ts';

/** Names and values in turn. */
export function traceHeaders(trace: TraceContext): readonly string[] {
  const parent = ['traceparent', traceParent(trace)];
  return trace.state === '' ? parent : [...parent, 'tracestate', trace.state];
}

/** Removes the headers that name the trace of a client, and adds `own`. */
export function replaceTrace(headers: string[], own: readonly string[]): void {
  let kept = 0;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (namesTrace(headers[i]!)) continue;
    headers[kept] = headers[i]!;
    headers[kept + 1] = headers[i + 1]!;
    kept += 2;
  }
  headers.length = kept;
  headers.push(...own);
}

function namesTrace(name: string): boolean {
  if (name.length !== 11 && name.length !== 10) return false;
  const lower = name.toLowerCase();
  return lower === 'traceparent' || lower === 'tracestate';
}

const idDigits = { trace: 32, span: 16 } as const;
/** Random hex digits that are not used yet: one call for many ids. */
const pool = Buffer.alloc(4800);
let digits = '';
let used = 0;

/** A trace that begins here and that is not recorded. */
export function newTrace(): TraceContext {
  return { traceId: randomId(idDigits.trace), spanId: randomId(idDigits.span), flags: randomFlag, state: '' };
}

function randomId(length: number): string {
  if (used + length > digits.length) {
    digits = randomFillSync(pool).toString('hex');
    used = 0;
  }
  const id = digits.slice(used, used + length);
  used += length;
  // All zero is no id.
  return /[^0]/.test(id) ? id : randomId(length);
}
