/** The host that routes are matched with: lower case, without port and trailing dot (RFC 9110 section 4.2.3). */
import { parseAddress } from '../syntax/addresses.ts';

const name = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?$/;
const ascii = /^[\x21-\x7e]+$/;
const port = /^[0-9]{1,5}$/;

/** Reads an authority (`host`, `host:port`, `[::1]:port`); null when it is not valid. */
export function canonicalHost(authority: string): string | null {
  // Before lower-casing, which turns letters such as the Kelvin sign into ASCII.
  if (authority.length > 261 || !ascii.test(authority)) return null;
  const lower = authority.toLowerCase();
  const colon = lower.startsWith('[') ? lower.indexOf(':', lower.indexOf(']') + 1) : lower.indexOf(':');
  let host = lower;
  if (colon >= 0) {
    const digits = lower.slice(colon + 1);
    if (!port.test(digits) || Number(digits) > 65535) return null;
    host = lower.slice(0, colon);
  }
  if (host.startsWith('[')) return isBracketed(host) ? host : null;
  if (!name.test(host)) return null;
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

/** An IPv6 address in brackets (RFC 3986 section 3.2.2); later versions are not supported. */
function isBracketed(host: string): boolean {
  return host.endsWith(']') && host.includes(':') && parseAddress(host.slice(1, -1)) !== null;
}
