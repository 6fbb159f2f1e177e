/**
 * The names that a service may parse from the name of a query parameter. PHP reads `a.b`, `a b` and `a[b` as `a_b`, and `a[b]` as a part of
 * `a`; qs reads `[a]` as `a` and, if configured, `a.b` as a part of `a`; others ignore case, or drop characters that their names cannot
 * contain. So names are compared by their letters and digits.
 */
import { folded } from './alike.ts';

const plain = /^[a-z0-9]+$/;

/** For a decoded name: its letters, and those of the names that it may be a part of. */
export function namesOfWritten(text: string): readonly string[] {
  if (plain.test(text)) return [text];
  const name = folded(text);
  return [lettersOf(name), lettersOf(upTo(name, bracket)), lettersOf(upTo(name, bracketOrDot))].filter(isName);
}

/** The same for the name that a condition reads: it has more if a service treats a dot like any other character. */
export function namesOfWanted(name: string): readonly string[] {
  if (plain.test(name)) return [name];
  const own = folded(name);
  return [lettersOf(own), lettersOf(upTo(own, bracket))].filter(isName);
}

const noLetters = /[^\p{L}\p{N}]/gu;
const leading = /^[^\p{L}\p{N}]+/u;
const bracket = /[[\]\0]/;
const bracketOrDot = /[[\]\0.]/;

/** Without the characters before the first letter: `a` in `[a][b]`. */
function upTo(name: string, end: RegExp): string {
  const start = name.replace(leading, '');
  return start.split(end, 1)[0]!;
}

/** All names without letters and digits count as one. */
function lettersOf(name: string): string {
  return name.replace(noLetters, '') || name.slice(0, 1).replace(/./s, '_');
}

function isName(name: string): boolean {
  return name !== '';
}
