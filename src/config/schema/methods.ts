/** HTTP methods that a rule can name: those that Node's parser takes, without CONNECT and TRACE (never forwarded). */
import { Refusal } from '../refusal.ts';
import { text } from './scalar.ts';

export const methods: readonly string[] = [
  ...'GET HEAD POST PUT PATCH DELETE OPTIONS QUERY PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK SEARCH'.split(' '),
  ...'REPORT MKCALENDAR MKACTIVITY CHECKOUT MERGE ACL BIND REBIND UNBIND LINK UNLINK PURGE NOTIFY'.split(' '),
  ...'SUBSCRIBE UNSUBSCRIBE M-SEARCH SOURCE'.split(' '),
];

const known: ReadonlySet<string> = new Set(methods);

/** Why a word is no method for a rule, or null. */
export function methodRefusal(word: string): Refusal | null {
  if (known.has(word)) return null;
  if (word === 'TRACE' || word === 'CONNECT') return new Refusal(`${word} is never forwarded`, 'remove it');
  const upper = word.toUpperCase();
  return new Refusal('expected an HTTP method', known.has(upper) ? `methods are upper case: ${upper}` : null);
}

export const method = text('an HTTP method', (value) => methodRefusal(value) ?? value);
