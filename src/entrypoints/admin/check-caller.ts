/**
 * Who may talk to the admin port: whoever reaches it, except a browser that a page of another site sends here. Such a
 * page either names its own host, which it has made resolve to this machine (DNS rebinding), or shows itself by
 * `Origin` (CVE-2026-27589 was an admin port that answered pages of other sites).
 */
import { isIP } from 'node:net';
import type { ReasonCode } from '../../core/outcome/reasons.ts';
import { canonicalHost } from '../../core/request/canonical-host.ts';

/** Endings that no stranger can register: RFC 6761, RFC 9476 and the private use of ICANN, and those of a Kubernetes cluster. */
const privateEndings = ['.localhost', '.internal', '.svc', '.cluster.local'] as const;

/**
 * Returns null when the caller may go on. `host_invalid`: no, two or a malformed `Host`, or a name that could be
 * rebound; `access_denied`: a page of another site. Addresses, single-label names, names with a private ending and
 * `ownNames` cannot be rebound. An HTTP/1.0 caller needs no `Host`.
 */
export function checkCaller(
  rawHeaders: readonly string[],
  httpVersion: string,
  ownNames: readonly string[],
): Extract<ReasonCode, 'host_invalid' | 'access_denied'> | null {
  const hosts = valuesOf(rawHeaders, 'host');
  const authority = hosts[0];
  if (hosts.length > 1 || (authority === undefined && httpVersion !== '1.0')) return 'host_invalid';
  if (authority !== undefined && !isSafeHost(authority, ownNames)) return 'host_invalid';
  const sameSite = authority === undefined ? null : `http://${authority.toLowerCase()}`;
  return valuesOf(rawHeaders, 'origin').every((origin) => origin.toLowerCase() === sameSite) ? null : 'access_denied';
}

function isSafeHost(authority: string, ownNames: readonly string[]): boolean {
  const host = canonicalHost(authority);
  if (host === null) return false;
  if (host.startsWith('[') || isIP(host) !== 0 || ownNames.includes(host)) return true;
  // A single label of digits or "0x..." may be read as an address (WHATWG URL), which cannot be rebound either.
  return !host.includes('.') || privateEndings.some((ending) => host.endsWith(ending));
}

function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]!.toLowerCase() === name) values.push(rawHeaders[index + 1]!);
  }
  return values;
}
