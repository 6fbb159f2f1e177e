/**
 * Who may use the admin port: every caller with a token, except a browser request from a page of another site. Such a request either has
 * the page's own host, which resolves to this machine (DNS rebinding), or is recognized by `Origin` (CVE-2026-27589 was an admin port that
 * responded to pages of other sites).
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { AdminScope, AdminToken } from '../config/config.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { canonicalHost } from '../core/url/canonical-host.ts';
import { hasValidHostCount, headerValues, singleHeader } from '../operations/read-request.ts';
import { findSecret } from '../sealing/compare-secrets.ts';

/** Suffixes that strangers cannot register: RFC 6761, RFC 9476, ICANN's private use, and those of a Kubernetes cluster. */
const privateEndings = ['.localhost', '.internal', '.svc', '.cluster.local'] as const;

/**
 * Returns null if the caller is accepted. `host_invalid`: a missing, repeated or malformed `Host`, or a name that could be rebound;
 * `origin_forbidden`: a page of another site. Addresses, single-label names, names with a private suffix and `ownNames` cannot be rebound.
 * An HTTP/1.0 caller needs no `Host`.
 */
export function checkCaller(
  request: IncomingMessage,
  ownNames: readonly string[],
): Extract<ReasonCode, 'host_invalid' | 'origin_forbidden'> | null {
  const authority = singleHeader(request.rawHeaders, 'host');
  if (!hasValidHostCount(request) || (authority !== null && !isSafeHost(authority, ownNames))) return 'host_invalid';
  const sameSite = authority === null ? null : `http://${authority.toLowerCase()}`;
  return headerValues(request.rawHeaders, 'origin').every((origin) => origin.toLowerCase() === sameSite)
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

/** `Bearer 1*SP token`, scheme without case (RFC 9110 section 11.1). */
const bearer = /^bearer +([^ ]+)$/i;

/**
 * The token of the caller. `credential_missing`: no `Authorization`; `credential_rejected`: not one of these tokens, another scheme, or
 * more than one header.
 */
export function findToken(
  rawHeaders: readonly string[],
  tokens: readonly AdminToken[],
): AdminToken | Extract<ReasonCode, 'credential_missing' | 'credential_rejected'> {
  const values = headerValues(rawHeaders, 'authorization');
  if (values.length === 0) return 'credential_missing';
  const offered = values.length === 1 ? bearer.exec(values[0]!)?.[1] : undefined;
  const match = tokens[findSecret(tokens.map(({ token }) => token))(offered ?? '')];
  return match !== undefined && offered !== undefined ? match : 'credential_rejected';
}

/** From the narrowest to the widest; each includes those before it. */
const scopes: readonly AdminScope[] = ['metrics', 'read', 'write'];

export function includesScope(scope: AdminScope, wanted: AdminScope): boolean {
  return scopes.indexOf(scope) >= scopes.indexOf(wanted);
}
