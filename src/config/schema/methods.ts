/** HTTP methods that a rule can name: those that Node's parser takes, without CONNECT and TRACE (never forwarded). */
import { Refusal, text } from './scalar.ts';

export const methods: readonly string[] = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'QUERY',
  'PROPFIND',
  'PROPPATCH',
  'MKCOL',
  'COPY',
  'MOVE',
  'LOCK',
  'UNLOCK',
  'SEARCH',
  'REPORT',
  'MKCALENDAR',
  'MKACTIVITY',
  'CHECKOUT',
  'MERGE',
  'ACL',
  'BIND',
  'REBIND',
  'UNBIND',
  'LINK',
  'UNLINK',
  'PURGE',
  'NOTIFY',
  'SUBSCRIBE',
  'UNSUBSCRIBE',
  'M-SEARCH',
  'SOURCE',
];

const known: ReadonlySet<string> = new Set(methods);

/** Why a word is no method for a rule, or null. */
export function methodRefusal(word: string): { readonly message: string; readonly hint: string | null } | null {
  if (known.has(word)) return null;
  if (word === 'TRACE' || word === 'CONNECT') return { message: `${word} is never forwarded`, hint: 'remove it' };
  const upper = word.toUpperCase();
  return { message: 'expected an HTTP method', hint: known.has(upper) ? `methods are upper case: ${upper}` : null };
}

export const method = text('an HTTP method', (value) => {
  const refusal = methodRefusal(value);
  return refusal === null ? value : new Refusal(refusal.message, refusal.hint);
});
