/**
 * What the headers say of the request itself: the one Host, the framing, and the gateways that it has passed. The
 * parser has refused most of what is wrong with framing; what it lets through and a service could read differently is
 * refused here, so that every door refuses it.
 */
import { countPasses, type ViaRule } from '../forwarding/via.ts';
import type { ReasonCode } from '../outcome/reasons.ts';
import type { RequestView } from './request-view.ts';
import { safeMethods } from './safe-methods.ts';

/** RFC 9110 section 8.6, without the leading zeros that some read as octal. */
const length = /^(?:0|[1-9][0-9]{0,15})$/;

/**
 * The value of Host (RFC 9112 section 3.2), empty where an HTTP/1.0 client sends none; or `host_invalid`,
 * `header_invalid`, `transfer_coding_unsupported`, `loop_detected`, `too_early`. Several Host, Content-Length or Transfer-Encoding
 * headers are two readings (RFC 9112 section 6.3), and so are a length and a coding at once.
 */
export function readHead(view: RequestView, via: ViaRule | undefined): string | { reason: ReasonCode } {
  const { rawHeaders } = view;
  let host: string | null = null;
  let coding: string | null = null;
  let framed = false;
  let passes = 0;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    // Lengths first: most headers are dismissed without a new string.
    switch (name.length) {
      case 4:
        if (name.toLowerCase() !== 'host') continue;
        if (host !== null) return { reason: 'host_invalid' };
        host = rawHeaders[i + 1]!;
        break;
      case 3:
        if (via === undefined || name.toLowerCase() !== 'via') continue;
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
    // RFC 9112 section 6.1: HTTP/1.0 knows no codings. In lower case alone: not everybody reads the name without case.
    if (view.httpVersion === '1.0' || coding !== 'chunked') return { reason: 'transfer_coding_unsupported' };
    if (framed) return { reason: 'header_invalid' };
  }
  if (host === null) return view.httpVersion === '1.0' ? '' : { reason: 'host_invalid' };
  return host === '' ? { reason: 'host_invalid' } : host;
}
