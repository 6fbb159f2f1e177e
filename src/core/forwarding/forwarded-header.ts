/**
 * Parses what a trusted proxy reports about the hops before it: `X-Forwarded-*`, or the standard `Forwarded` (RFC 7239), which services may
 * also receive.
 */
import { parseAddress } from '../syntax/addresses.ts';
import { trimBlanks } from '../syntax/header-fields.ts';

/** What one proxy reports about the hop before it; null if it reports nothing usable. */
export interface ForwardedElement {
  readonly address: string | null;
  readonly proto: string | null;
  readonly host: string | null;
}

/**
 * Parses the elements of a value in order (section 4); null if it is malformed: a value with an unclosed quote could hide an element, so
 * all of it is ignored.
 */
export function parseForwarded(value: string): readonly ForwardedElement[] | null {
  const elements: ForwardedElement[] = [];
  let pairs = new Map<string, string>();
  let at = 0;
  while (true) {
    pair.lastIndex = at;
    const [whole = '', name, token, quoted] = pair.exec(value) ?? [];
    if (name !== undefined) {
      const key = name.toLowerCase();
      // Section 4: each parameter at most once.
      if (pairs.has(key)) return null;
      pairs.set(key, token ?? quoted!.replace(/\\(.)/g, '$1'));
    }
    at += whole.length;
    const next = value[at];
    if (next === ';') {
      at += 1;
      continue;
    }
    if (next !== ',' && next !== undefined) return null;
    if (pairs.size > 0) elements.push(elementOf(pairs));
    if (next === undefined) return elements;
    pairs = new Map();
    at += 1;
  }
}

/** `token = token | quoted-string`, or nothing, with blanks around. */
const pair =
  /[ \t]*(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"((?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\t -~])*)")[ \t]*)?/y;

function elementOf(pairs: ReadonlyMap<string, string>): ForwardedElement {
  return {
    address: nodeAddress(pairs.get('for') ?? ''),
    proto: pairs.get('proto')?.toLowerCase() ?? null,
    host: pairs.get('host') ?? null,
  };
}

/** Section 6: an IPv4 address, or an IPv6 one in brackets, with or without a port; "unknown" and "_hidden" are not addresses. */
function nodeAddress(node: string): string | null {
  const [, bracketed, plain] =
    /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9.]{7,15}))(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?$/.exec(node) ?? [];
  const address = bracketed ?? plain ?? '';
  const parsed = parseAddress(address);
  return parsed !== null && (bracketed === undefined || address.includes(':')) ? address : null;
}

/** Appends the value for a service: the client first, with scheme and host as it saw them, then each trusted proxy. */
export function appendForwarded(out: string[], forwardedFor: string, proto: string, forwardedHost: string): void {
  const nodes = forwardedFor.split(', ').map((address) => `for=${address.includes(':') ? `"[${address}]"` : address}`);
  const host = forwardedHost === '' ? '' : `;host="${forwardedHost}"`;
  nodes[0] += `;proto=${proto}${host}`;
  out.push('forwarded', nodes.join(', '));
}

/**
 * Which of the two kinds a trusted proxy writes: `X-Forwarded-*`, or `Forwarded` (RFC 7239). Never both: a proxy that writes one kind
 * forwards the other as clients send it.
 */
export type ForwardedSource = 'x-forwarded' | 'forwarded';

export interface ForwardedHeaders {
  /** From the client to the peer's own peer. */
  readonly hops: readonly ForwardedElement[];
  /** Of the whole chain; null if each hop has its own. */
  readonly proto: string | null;
  readonly host: string | null;
  readonly requestId: string | null;
}

/** Repeated headers are one list (RFC 9110 section 5.3); for scheme, host and id the last one counts. */
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
  return {
    hops: hops.map((hop) => ({ address: hopAddress(trimBlanks(hop)), proto: null, host: null })),
    proto,
    host,
    requestId,
  };
}

/** Some proxies write the port of the client, too. */
function hopAddress(hop: string): string {
  return nodeAddress(hop) ?? hop;
}

/** A malformed value identifies no hop, but a hop may exist. */
const unknownHop: ForwardedElement = { address: null, proto: null, host: null };

function readForwarded(rawHeaders: readonly string[]): ForwardedHeaders {
  let chain = '';
  let requestId: string | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (name === 'forwarded') chain = chain === '' ? rawHeaders[i + 1]! : `${chain}, ${rawHeaders[i + 1]}`;
    else if (name === 'x-request-id') requestId = rawHeaders[i + 1]!;
  }
  return { hops: parseForwarded(chain) ?? [unknownHop], proto: null, host: null, requestId };
}

export function readForwardedHeaders(rawHeaders: readonly string[], source: ForwardedSource): ForwardedHeaders {
  return source === 'forwarded' ? readForwarded(rawHeaders) : readXForwarded(rawHeaders);
}
