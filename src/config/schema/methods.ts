/** Methods as rules write them. */
import { ruleMethods } from '../../core/policy/access.ts';
import { didYouMean } from '../nearest-name.ts';
import { Problem } from '../problem.ts';
import { text } from './scalar.ts';

const known: ReadonlySet<string> = new Set(ruleMethods);

/** Why a rule cannot use a word as a method, or null. */
export function methodProblem(word: string): Problem | null {
  if (known.has(word)) return null;
  if (word === 'TRACE' || word === 'CONNECT') return new Problem(`${word} is never forwarded`, 'remove it');
  const upper = word.toUpperCase();
  const hint = known.has(upper) ? `methods are upper case: ${upper}` : didYouMean(word, ruleMethods);
  return new Problem('expected an HTTP method', hint);
}

export const method = text('an HTTP method', (value) => methodProblem(value) ?? value);
