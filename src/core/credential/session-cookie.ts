/**
 * The session of a browser, in the cookie that the gateway set. Its name is compared byte for byte: browsers protect `__Host-` names from
 * sibling domains, but not a name that becomes one when blanks of Unicode before it are trimmed.
 */
import type { ReasonCode } from '../outcome/reasons.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import { isNamed } from '../syntax/header-fields.ts';
import { plainAuthority } from '../url/plain-authority.ts';
import type { OtherHosts, SessionCredential, SessionSettings } from './credential.ts';
import { isSameOrigin } from './same-origin.ts';

/** Of sessions, and what binds a sign-in to the browser; the first two need TLS. */
export const ownCookieNames = {
  overTls: { cookie: '__Host-rolegate', browserCookie: '__Host-rolegate-browser' },
  plain: { cookie: 'rolegate-session', browserCookie: 'rolegate-browser' },
} as const;

const ownNames: ReadonlySet<string> = new Set(Object.values(ownCookieNames).flatMap(Object.values));

/**
 * Whether a `Set-Cookie` of a service is for one of them: a service could put its visitors into the session of an attacker. A cookie without a
 * name is sent as its value, so what comes after a leading equals sign counts as the name, too.
 */
export function setsOwnCookie(setCookie: string): boolean {
  const [, name = ''] = /^[\s=]*([^=;\s]*)/.exec(setCookie) ?? [];
  return ownNames.has(name);
}

const idForm = /^[A-Za-z0-9_-]{43}$/;

/** Null: there is no such cookie. Two of them are refused: only one can be the gateway's. */
export function sessionOf(
  request: Pick<CanonicalRequest, 'method' | 'authority'>,
  rawHeaders: readonly string[],
  { cookie, others }: SessionSettings,
): SessionCredential | null | ReasonCode {
  const values = cookieValues(rawHeaders, cookie);
  const [value] = values;
  if (value === undefined) return null;
  if (values.length > 1) return 'credential_repeated';
  const id = idOf(value, request.authority, others);
  if (id === null) return 'credential_malformed';
  // The gateway gives it this name only if its origin is https.
  const overTls = cookie.startsWith('__Host-');
  return isSameOrigin(request, rawHeaders, overTls) ? { kind: 'session', id } : 'cross_site_request';
}

/** The id in a cookie of the host; null: there is none. */
export function idOf(value: string, authority: string, others: SessionSettings['others']): string | null {
  const id = others === null ? value : idAt(value, plainAuthority(authority), others);
  return id !== null && idForm.test(id) ? id : null;
}

function idAt(value: string, host: string, { main, authorities, open }: OtherHosts): string | null {
  if (host === main) return value;
  return authorities.has(host) ? open(value, host) : null;
}

/** In all `Cookie` headers; pairs are separated by a semicolon and one space (RFC 6265 section 4.2.1). */
export function cookieValues(rawHeaders: readonly string[], cookie: string): readonly string[] {
  const values: string[] = [];
  const start = `${cookie}=`;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (!isNamed(rawHeaders[i]!, 'cookie') || !rawHeaders[i + 1]!.includes(start)) continue;
    for (const part of rawHeaders[i + 1]!.split(';')) {
      const pair = part.startsWith(' ') ? part.slice(1) : part;
      if (pair.startsWith(start)) values.push(pair.slice(start.length));
    }
  }
  return values;
}
