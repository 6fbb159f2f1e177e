/** The host that routes are matched with: lower case, without port and trailing dot (RFC 9110 section 4.2.3). */

const name = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?$/;
const ipv6 = /^\[[0-9a-f:.]{2,45}\]$/;
const port = /^[0-9]{1,5}$/;

/** Reads an authority (`host`, `host:port`, `[::1]:port`); null when it is not valid. */
export function canonicalHost(authority: string): string | null {
  if (authority.length > 261) return null;
  const lower = authority.toLowerCase();
  const colon = lower.startsWith('[') ? lower.indexOf(':', lower.indexOf(']') + 1) : lower.indexOf(':');
  let host = lower;
  if (colon >= 0) {
    const digits = lower.slice(colon + 1);
    if (!port.test(digits) || Number(digits) > 65535) return null;
    host = lower.slice(0, colon);
  }
  if (host.startsWith('[')) return ipv6.test(host) ? host : null;
  if (!name.test(host)) return null;
  return host.endsWith('.') ? host.slice(0, -1) : host;
}
