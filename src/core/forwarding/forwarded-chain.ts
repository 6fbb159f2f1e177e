/** Reads what a trusted proxy says of the hops before it, from the one kind of header that it writes. */
import { trimBlanks } from '../credential/trim-blanks.ts';
import { type ForwardedElement, parseForwarded } from './forwarded-header.ts';

/**
 * Which of the two kinds a trusted proxy writes: `X-Forwarded-*`, or `Forwarded` (RFC 7239). Never both: a proxy that
 * writes one kind lets the other pass as clients send it.
 */
export type ForwardedSource = 'x-forwarded' | 'forwarded';

export interface ForwardedHeaders {
  /** From the client to the peer's own peer. */
  readonly hops: readonly ForwardedElement[];
  /** Of the whole chain; null where each hop has its own. */
  readonly proto: string | null;
  readonly host: string | null;
  readonly requestId: string | null;
}

/** Repeated headers are one list (RFC 9110 section 5.3); of scheme, host and id the last one counts. */
function readXForwarded(rawHeaders: readonly string[]): ForwardedHeaders {
  let chain = '';
  let proto: string | null = null;
  let host: string | null = null;
  let requestId: string | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const value = rawHeaders[i + 1]!;
    switch (rawHeaders[i]!.toLowerCase()) {
      case 'x-forwarded-for':
        chain = chain === '' ? value : `${chain}, ${value}`;
        break;
      case 'x-forwarded-proto':
        proto = value;
        break;
      case 'x-forwarded-host':
        host = value;
        break;
      case 'x-request-id':
        requestId = value;
        break;
    }
  }
  const hops = chain === '' ? [] : chain.split(',');
  return { hops: hops.map((hop) => ({ address: trimBlanks(hop), proto: null, host: null })), proto, host, requestId };
}

/** A malformed value names no hop, but it does not say that there was none. */
const nobody: ForwardedElement = { address: null, proto: null, host: null };

function readForwarded(rawHeaders: readonly string[]): ForwardedHeaders {
  let chain = '';
  let requestId: string | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (name === 'forwarded') chain = chain === '' ? rawHeaders[i + 1]! : `${chain}, ${rawHeaders[i + 1]}`;
    else if (name === 'x-request-id') requestId = rawHeaders[i + 1]!;
  }
  return { hops: parseForwarded(chain) ?? [nobody], proto: null, host: null, requestId };
}

export function readForwardedHeaders(rawHeaders: readonly string[], source: ForwardedSource): ForwardedHeaders {
  return source === 'forwarded' ? readForwarded(rawHeaders) : readXForwarded(rawHeaders);
}
