/** The methods of rules, as they are written. */
import { ruleMethods } from '../../core/policy/access.ts';
import { Refusal } from '../refusal.ts';
import { text } from './scalar.ts';

const known: ReadonlySet<string> = new Set(ruleMethods);

/** Why a word is no method for a rule, or null. */
export function methodRefusal(word: string): Refusal | null {
  if (known.has(word)) return null;
  if (word === 'TRACE' || word === 'CONNECT') return new Refusal(`${word} is never forwarded`, 'remove it');
  const upper = word.toUpperCase();
  return new Refusal('expected an HTTP method', known.has(upper) ? `methods are upper case: ${upper}` : null);
}

export const method = text('an HTTP method', (value) => methodRefusal(value) ?? value);
