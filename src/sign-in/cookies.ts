/** The two cookies of sign-in, whose names are in `SessionSettings`. */
import { randomBytes } from 'node:crypto';
import { cookieValues } from '../core/credential/session-cookie.ts';

/** Null: there is none, or more than one. */
export function onlyCookie(rawHeaders: readonly string[], name: string): string | null {
  const [value, ...others] = cookieValues(rawHeaders, name);
  return value !== undefined && others.length === 0 ? value : null;
}

/** What binds a sign-in to the browser; null: there is none of the form that we make. */
export function readBrowser(rawHeaders: readonly string[], name: string): string | null {
  const value = onlyCookie(rawHeaders, name);
  return value !== null && /^[\w-]{22}$/.test(value) ? value : null;
}

export function newBrowser(): string {
  return randomBytes(16).toString('base64url');
}

/** `value` null: removes it. Without an age: until the browser ends. */
export function setCookie(name: string, value: string | null): readonly [string, string] {
  const secure = name.startsWith('__Host-') ? '; Secure' : '';
  const rest = `Path=/; HttpOnly${secure}; SameSite=Lax${value === null ? '; Max-Age=0' : ''}`;
  return ['set-cookie', `${name}=${value ?? ''}; ${rest}`];
}
