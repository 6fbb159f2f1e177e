/**
 * What the headers say about the request itself: the one Host, the framing, and the gateways that it has passed. The
 * parser has refused most framing errors; what it accepts and a service could read differently is refused here, so that
 * every entrypoint refuses it.
 */
import type { ReasonCode } from '../outcome/reasons.ts';
import { safeMethods } from './methods.ts';
import type { RequestView } from './request-view.ts';

/** RFC 9110 section 8.6, without the leading zeros that some read as octal. */
const length = /^(?:0|[1-9][0-9]{0,15})$/;

/**
 * The value of Host (RFC 9112 section 3.2), empty where an HTTP/1.0 client sends none; or `host_invalid`,
 * `header_invalid`, `transfer_coding_unsupported`, `loop_detected`, `too_early`. Several Host, Content-Length or Transfer-Encoding
 * headers are two readings (RFC 9112 section 6.3), and so are a length and a coding at once.
 */
export function readHead(view: RequestView, via: ViaRule | null): string | { reason: ReasonCode } {
  const { rawHeaders } = view;
  let host: string | null = null;
  let coding: string | null = null;
  let framed = false;
  let passes = 0;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    // By length first: most headers are skipped without a new string.
    switch (name.length) {
      case 4:
        if (name.toLowerCase() !== 'host') continue;
        if (host !== null) return { reason: 'host_invalid' };
        host = rawHeaders[i + 1]!;
        break;
      case 3:
        if (via === null || name.toLowerCase() !== 'via') continue;
        passes = countPasses(rawHeaders[i + 1]!, via, passes);
        if (passes < 0) return { reason: 'loop_detected' };
        break;
      case 10:
        // Of the usual headers of this length none begins with an "e". Any value counts as 1 (RFC 8470 section 5.1).
        if ((name.charCodeAt(0) | 0x20) !== 0x65 || name.toLowerCase() !== 'early-data') continue;
        if (!safeMethods.has(view.method)) return { reason: 'too_early' };
        break;
      case 14:
        if (name.toLowerCase() !== 'content-length') continue;
        if (framed || !length.test(rawHeaders[i + 1]!)) return { reason: 'header_invalid' };
        framed = true;
        break;
      case 17:
        if (name.toLowerCase() !== 'transfer-encoding') continue;
        if (coding !== null) return { reason: 'header_invalid' };
        coding = rawHeaders[i + 1]!;
        break;
    }
  }
  if (coding !== null) {
    // RFC 9112 section 6.1: HTTP/1.0 knows no codings. Section 7: their names are case-insensitive.
    if (view.httpVersion === '1.0' || coding.toLowerCase() !== 'chunked')
      return { reason: 'transfer_coding_unsupported' };
    if (framed) return { reason: 'header_invalid' };
  }
  if (host === null) return view.httpVersion === '1.0' ? '' : { reason: 'host_invalid' };
  return host === '' ? { reason: 'host_invalid' } : host;
}

/**
 * When a request goes round in a circle: each gateway adds its name to `Via` (RFC 9110 section 7.6.3), and each round
 * would cost an upstream connection and a look-up.
 */
export interface ViaRule {
  /** In lower case. */
  readonly name: string;
  /** How often a request may have passed before: several gateways of one name in a row are no loop yet. */
  readonly passes: number;
}

/**
 * The number of passes that a `Via` value adds to `before` earlier ones, or -1 beyond what the rule allows. Elements are
 * `protocol received-by (comment)`; a comma in a comment separates nothing.
 */
export function countPasses(value: string, rule: ViaRule, before: number): number {
  let passes = before;
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= value.length; i += 1) {
    const code = i < value.length ? value.charCodeAt(i) : 0x2c;
    if (code === 0x5c && depth > 0) i += 1;
    else if (code === 0x28) depth += 1;
    else if (code === 0x29 && depth > 0) depth -= 1;
    else if (code === 0x2c && (depth === 0 || i === value.length)) {
      if (names(value.slice(start, i), rule.name)) passes += 1;
      start = i + 1;
    }
  }
  return passes > rule.passes ? -1 : passes;
}

function names(element: string, name: string): boolean {
  const [, receivedBy] = /^[ \t]*[^ \t]+[ \t]+([^ \t(]+)/.exec(element) ?? [];
  return receivedBy?.toLowerCase() === name;
}
