/** Addresses to listen on and of servers: `":8080"` (every interface), `"127.0.0.1:9090"`, `"localhost:80"`, `"[::1]:80"`. */
import { parseAddress } from '../../core/forwarding/trusted-proxies.ts';
import { canonicalHost } from '../../core/request/canonical-host.ts';
import type { Address } from '../config.ts';

const port = /^(?:0|[1-9]\d{0,4})$/;
const digitsAndDots = /^[0-9.]+$/;

/** Null when it is no such address. Port 0 stands for any free port. */
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

/** Null when it is no address that one could connect to. */
export function parseServerAddress(text: string): Address | null {
  const address = parseListenAddress(text);
  return address === null || address.host === '' || address.port === 0 ? null : address;
}

/** Whether both cannot be listened on at once. */
export function addressesCollide(a: Address, b: Address): boolean {
  if (a.port === 0 || a.port !== b.port) return false;
  const everywhere = (host: string) => host === '' || host === '0.0.0.0' || host === '::';
  return everywhere(a.host) || everywhere(b.host) || a.host.toLowerCase() === b.host.toLowerCase();
}
