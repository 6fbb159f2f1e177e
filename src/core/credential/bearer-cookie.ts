/** The cookie that carries a bearer: what it holds, and the `Cookie` header without it. */
import { trimBlanks } from '../syntax/header-fields.ts';

/** The one cookie of that name (RFC 6265 section 5.4); which of two copies counts is not defined. */
export function cookieValue(header: string, name: string): { value: string } | 'repeated' | null {
  let found: { value: string } | null = null;
  for (const part of header.split(';')) {
    const equals = part.indexOf('=');
    if (equals < 0 || trimBlanks(part.slice(0, equals)) !== name) continue;
    if (found !== null) return 'repeated';
    found = { value: trimBlanks(part.slice(equals + 1)) };
  }
  return found;
}

/** The Cookie header without one cookie, so that a bearer in it stays with the gateway. */
export function withoutCookie(header: string, cookie: string): string {
  return (
    header
      .split(';')
      .map(trimBlanks)
      // As the credential is read: blanks around a name do not hide it.
      .filter((pair) => pair !== '' && trimBlanks(pair.split('=', 1)[0]!) !== cookie)
      .join('; ')
  );
}
