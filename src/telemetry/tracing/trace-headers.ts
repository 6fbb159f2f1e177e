/** Trace headers for a service or a source, and ids of new traces. */
import { randomFillSync } from 'node:crypto';
import { randomFlag, type TraceContext, traceParent } from '../../core/request/trace-context.ts';
import type { TracedCall } from '../../identity/events.ts';
import type { RequestTrace } from '../request-record.ts';
import type { Deciding } from './deciding.ts';

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

/** The trace of a request that is not recorded here. Services and sources receive it unchanged: an unrecorded span must not be the parent of theirs. */
export class UnrecordedTrace implements RequestTrace {
  readonly traceId: string;
  readonly sampled = false;
  readonly #headers: readonly string[];
  readonly #deciding: Deciding;
  #over = false;

  constructor(trace: TraceContext, deciding: Deciding) {
    this.traceId = trace.traceId;
    this.#headers = traceHeaders(trace);
    this.#deciding = deciding;
  }

  deciding<T>(decide: () => T): T {
    return this.#deciding.run(this, decide);
  }

  /** Code that runs in its context after its end, such as a timer, does not belong to it. */
  traceCall(): TracedCall | null {
    return this.#over ? null : { headers: this.#headers, end() {} };
  }

  forwarding(headers: string[]): void {
    replaceTrace(headers, this.#headers);
  }

  end(): void {
    this.#over = true;
  }
}
