/**
 * The two cookies of sign-in. With the prefix `__Host-`, no other host can set them (RFC 6265bis section 4.1.3). A name is compared byte for
 * byte: Chromium lets a sibling domain plant one that begins with U+2000. Two cookies of one name mean nothing.
 */
import { randomBytes } from 'node:crypto';
import { isNamed } from '../core/syntax/header-fields.ts';

export interface CookieNames {
  readonly session: string;
  readonly browser: string;
  readonly secure: boolean;
}

export function cookieNames(origin: string): CookieNames {
  const secure = origin.startsWith('https:');
  return secure
    ? { session: '__Host-rolegate', browser: '__Host-rolegate-browser', secure }
    : { session: 'rolegate-session', browser: 'rolegate-browser', secure };
}

/** Null: there is none, or more than one, or it is not of the form that we make. */
export function readCookie(rawHeaders: readonly string[], name: string): string | null {
  let value: string | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (!isNamed(rawHeaders[i]!, 'cookie')) continue;
    for (const pair of rawHeaders[i + 1]!.split(/; ?/)) {
      if (!pair.startsWith(`${name}=`)) continue;
      if (value !== null) return null;
      value = pair.slice(name.length + 1);
    }
  }
  return value !== null && /^[\w-]{22,43}$/.test(value) ? value : null;
}

export function newBrowser(): string {
  return randomBytes(16).toString('base64url');
}

/** `value` null: removes it. Without an age: until the browser ends. */
export function setCookie(name: string, value: string | null, secure: boolean): readonly [string, string] {
  const rest = `Path=/; HttpOnly${secure ? '; Secure' : ''}; SameSite=Lax${value === null ? '; Max-Age=0' : ''}`;
  return ['set-cookie', `${name}=${value ?? ''}; ${rest}`];
}
