/**
 * The names that a service may read in the name of a query parameter. PHP reads `a.b`, `a b` and `a[b` as `a_b`, and `a[b]` as a
 * part of `a`; qs reads `[a]` as `a`, and where it is set up so, `a.b` as a part of `a`; others ignore case, or drop signs that no
 * name of theirs holds. So names are compared by their letters and digits.
 */
import { plainer } from '../url/look-alikes.ts';
import { foldCase } from '../url/path-reading.ts';

const plain = /^[a-z0-9]+$/;

/** Of a decoded name: its letters, and those of what it may be a part of. */
export function namesOfWritten(written: string): readonly string[] {
  if (plain.test(written)) return [written];
  const folded = fold(written);
  return [lettersOf(folded), lettersOf(upTo(folded, bracket)), lettersOf(upTo(folded, bracketOrDot))].filter(isName);
}

/** The same of the name that a condition reads: a service for which a dot is a sign like others has more of them. */
export function namesOfWanted(name: string): readonly string[] {
  if (plain.test(name)) return [name];
  const folded = fold(name);
  return [lettersOf(folded), lettersOf(upTo(folded, bracket))].filter(isName);
}

const noLetters = /[^\p{L}\p{N}]/gu;
const leading = /^[^\p{L}\p{N}]+/u;
const bracket = /[[\]\0]/;
const bracketOrDot = /[[\]\0.]/;

function fold(name: string): string {
  return foldCase(plainer(name));
}

/** Without what is in front of the first letter: `a` in `[a][b]`. */
function upTo(name: string, end: RegExp): string {
  const start = name.replace(leading, '');
  return start.split(end, 1)[0]!;
}

/** A name of signs alone is one of them, whichever they are. */
function lettersOf(name: string): string {
  return name.replace(noLetters, '') || name.slice(0, 1).replace(/./s, '_');
}

function isName(name: string): boolean {
  return name !== '';
}
