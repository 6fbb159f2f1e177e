/** Listen addresses and server addresses: `":8080"` (every interface), `"127.0.0.1:9090"`, `"localhost:80"`, `"[::1]:80"`. */
import { parseAddress } from '../../core/syntax/addresses.ts';
import { canonicalHost } from '../../core/url/canonical-host.ts';

export interface Address {
  /** Empty: every interface. */
  readonly host: string;
  readonly port: number;
  /** Descriptor of a listening socket that the process inherits, instead of host and port. */
  readonly fd?: number;
}

const port = /^(?:0|[1-9]\d{0,4})$/;
const digitsAndDots = /^[0-9.]+$/;

/** Null: not a valid address. Port 0 means any free port. */
export function parseListenAddress(text: string): Address | null {
  const colon = text.lastIndexOf(':');
  if (colon < 0 || !port.test(text.slice(colon + 1))) return null;
  const number = Number(text.slice(colon + 1));
  const host = text.slice(0, colon);
  if (number > 65535) return null;
  if (host === '') return { host, port: number };
  if (host.startsWith('[')) {
    const inner = host.endsWith(']') ? host.slice(1, -1) : '';
    return inner.includes(':') && parseAddress(inner) !== null ? { host: inner, port: number } : null;
  }
  if (digitsAndDots.test(host) && parseAddress(host) === null) return null;
  return canonicalHost(host) === null || host.includes(':') ? null : { host, port: number };
}

/** `fd:3`; the first three descriptors are those of input and output. Null: not such a text. */
export function parseInheritedSocket(text: string): Address | null {
  const [, digits] = /^fd:([3-9]|[1-9]\d)$/.exec(text) ?? [];
  return digits === undefined ? null : { host: '', port: 0, fd: Number(digits) };
}

/** Null: not an address to which a client can connect. */
export function parseServerAddress(text: string): Address | null {
  const address = parseListenAddress(text);
  return address === null || address.host === '' || address.port === 0 ? null : address;
}

/** Whether the two addresses conflict as listen addresses. */
export function addressesCollide(a: Address, b: Address): boolean {
  if (a.port === 0 || a.port !== b.port) return false;
  return everywhere(a.host) || everywhere(b.host) || a.host.toLowerCase() === b.host.toLowerCase();
}

/** Whether a connection from this machine to `origin` (as `parseOrigin` returns it) reaches the listener at `address`. */
export function leadsTo(origin: string, { host, port: listened }: Address): boolean {
  const url = new URL(origin);
  const named = url.hostname.replace(/^\[|\]$/g, '');
  if (Number(url.port || (url.protocol === 'https:' ? 443 : 80)) !== listened) return false;
  if (isOwn(named)) return everywhere(host) || isOwn(host);
  const [one, other] = [parseAddress(named), parseAddress(host)];
  if (one === null || other === null) return named === host.toLowerCase();
  return one.value === other.value && one.bits === other.bits;
}

function everywhere(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::';
}

/** Loopback, or the unspecified address, which connections treat as loopback. */
function isOwn(host: string): boolean {
  const address = parseAddress(host);
  if (address === null) return /^(?:.*\.)?localhost\.?$/i.test(host);
  if (address.bits === 32) return address.value >> 24n === 127n || address.value === 0n;
  return address.value <= 1n;
}
