/** Finds one cookie in the raw headers (RFC 6265 section 5.4). */
import { trimBlanks } from '../../core/syntax/header-names.ts';
import { Refusal } from '../outcome/refusals.ts';

/** Null: it is not there. Two copies cannot be told apart and are refused (400). */
export function readCookie(rawHeaders: readonly string[], name: string): string | null | Refusal {
  let found: string | null = null;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== 'cookie') continue;
    for (const part of (rawHeaders[at + 1] ?? '').split(';')) {
      const equals = part.indexOf('=');
      if (equals < 0 || trimBlanks(part.slice(0, equals)) !== name) continue;
      if (found !== null) return new Refusal('credential_repeated');
      found = trimBlanks(part.slice(equals + 1));
    }
  }
  return found;
}
