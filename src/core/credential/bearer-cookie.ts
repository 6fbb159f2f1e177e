/** The cookie that carries a bearer: its value, and the `Cookie` header without it. */
import { trimBlanks } from '../syntax/header-fields.ts';

/** The one cookie of that name (RFC 6265 section 5.4); the standard does not define which of two copies applies. */
export function cookieValue(header: string, name: string): { value: string } | 'repeated' | null {
  let cookie: { value: string } | null = null;
  for (const part of header.split(';')) {
    const equals = part.indexOf('=');
    if (equals < 0 || trimBlanks(part.slice(0, equals)) !== name) continue;
    if (cookie !== null) return 'repeated';
    cookie = { value: trimBlanks(part.slice(equals + 1)) };
  }
  return cookie;
}

/** The Cookie header without one cookie, so that a bearer in it stays with the gateway. */
export function withoutCookie(header: string, cookie: string): string {
  return (
    header
      .split(';')
      .map(trimBlanks)
      // The same reading as for the credential: blanks around a name do not hide it.
      .filter((pair) => pair !== '' && trimBlanks(pair.split('=', 1)[0]!) !== cookie)
      .join('; ')
  );
}
