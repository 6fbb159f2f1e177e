/** The standard form of what proxies say of a client (RFC 7239), for proxies and services that speak it. */
import { parseAddress } from './trusted-proxies.ts';

/** What one proxy says of the hop before it; null where it says nothing that can be used. */
export interface ForwardedElement {
  readonly address: string | null;
  readonly proto: string | null;
  readonly host: string | null;
}

/**
 * Reads the elements of a value in order (section 4); null when it is malformed: a value whose quotes do not close
 * could hide an element, so nothing of it is believed.
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

/** Section 6: an IPv4 address, or an IPv6 one in brackets, with or without a port; "unknown" and "_hidden" name nobody. */
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
