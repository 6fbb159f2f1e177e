/**
 * Who may talk to the admin port: whoever reaches it, except a browser that a page of another site sends here. Such a
 * page either names its own host, which it has made resolve to this machine (DNS rebinding), or shows itself by
 * `Origin` (CVE-2026-27589 was an admin port that answered pages of other sites).
 */
import { isIP } from 'node:net';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { canonicalHost } from '../core/url/canonical-host.ts';
import { headerValues } from './header-values.ts';

/** Endings that no stranger can register: RFC 6761, RFC 9476 and the private use of ICANN, and those of a Kubernetes cluster. */
const privateEndings = ['.localhost', '.internal', '.svc', '.cluster.local'] as const;

/**
 * Returns null when the caller may go on. `host_invalid`: no, two or a malformed `Host`, or a name that could be
 * rebound; `origin_forbidden`: a page of another site. Addresses, single-label names, names with a private ending and
 * `ownNames` cannot be rebound. An HTTP/1.0 caller needs no `Host`.
 */
export function checkCaller(
  rawHeaders: readonly string[],
  httpVersion: string,
  ownNames: readonly string[],
): Extract<ReasonCode, 'host_invalid' | 'origin_forbidden'> | null {
  const hosts = headerValues(rawHeaders, 'host');
  const authority = hosts[0];
  if (hosts.length > 1 || (authority === undefined && httpVersion !== '1.0')) return 'host_invalid';
  if (authority !== undefined && !isSafeHost(authority, ownNames)) return 'host_invalid';
  const sameSite = authority === undefined ? null : `http://${authority.toLowerCase()}`;
  return headerValues(rawHeaders, 'origin').every((origin) => origin.toLowerCase() === sameSite)
    ? null
    : 'origin_forbidden';
}

function isSafeHost(authority: string, ownNames: readonly string[]): boolean {
  const host = canonicalHost(authority);
  if (host === null) return false;
  if (host.startsWith('[') || isIP(host) !== 0 || ownNames.includes(host)) return true;
  // A single label of digits or "0x..." may be read as an address (WHATWG URL), which cannot be rebound either.
  return !host.includes('.') || privateEndings.some((ending) => host.endsWith(ending));
}
