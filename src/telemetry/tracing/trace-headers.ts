/** Trace headers for a service or a source, and ids of new traces. */
import { randomFillSync } from 'node:crypto';
import { randomFlag, type TraceContext, traceParent } from '../../core/request/trace-context.ts';

/** Alternating names and values. */
export function traceHeaders(trace: TraceContext): readonly string[] {
  const parent = ['traceparent', traceParent(trace)];
  return trace.state === '' ? parent : [...parent, 'tracestate', trace.state];
}

/** Removes the client's trace headers, and adds `own`. */
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

/** Random bytes for many ids: one at a time would cost 2 us each. */
const pool = Buffer.alloc(4096);
const idBytes = 16;
let used = pool.length;

/** A trace that begins here and is not recorded, so no span has its id. */
export function newTrace(): TraceContext {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += idBytes;
  const traceId = pool.toString('hex', used - idBytes, used);
  return { traceId, spanId: traceId.slice(idBytes), flags: randomFlag, state: '' };
}
