/**
 * Whether a service may read a value of the request as another text. It may ignore case or accents (like database collations), trim
 * spaces and dots at the ends, map characters to plainer ones, drop invisible ones, read "+" as a space, or end a segment at an escaped
 * "?" or "#". Such a value is neither that text nor certainly a different one, so the negation of a comparison is not met.
 */
import { plainer, withoutUnseen } from '../url/look-alikes.ts';
import { foldCase } from '../url/path-reading.ts';

/** Texts with the same form are alike. */
export function alikeForm(text: string): string {
  return withoutEnds(fitted(text));
}

/** Whether a service may read the text as one with this beginning. */
export function beginsAlike(text: string, beginning: string): boolean {
  return fitted(text).trimStart().startsWith(fitted(beginning).trimStart());
}

/** Whether a service may read the text as an entry of the list. Entries that are their own form take no memory here. */
export function isAlikeOneOf(text: string, list: ReadonlySet<string>): boolean {
  const form = alikeForm(text);
  return list.has(form) || otherForms(list).has(form);
}

const formsOfLists = new WeakMap<ReadonlySet<string>, ReadonlySet<string>>();

/** Computes what comparisons with this list need, so that the first request does not wait for a long one. */
export function prepareList(list: ReadonlySet<string>): void {
  otherForms(list);
}

/** Forms of the entries that differ from the entry. Lists never change, so they are computed once for each list. */
function otherForms(list: ReadonlySet<string>): ReadonlySet<string> {
  const known = formsOfLists.get(list);
  if (known !== undefined) return known;
  const forms = new Set<string>();
  for (const text of list) {
    const form = alikeForm(text);
    if (form !== text) forms.add(form);
  }
  formsOfLists.set(list, forms);
  return forms;
}

/** Not at the beginning: `#a` and `#b` are different texts. */
const ended = /(?<=.)[?#]/s;

function fitted(text: string): string {
  return folded(text).split(ended, 1)[0]!.replaceAll('+', ' ');
}

const ascii = /^[\x20-\x7e]*$/;
const marks = /\p{M}/gu;

/**
 * Without case, accents and invisible characters, in the plainest characters. Marks are removed first, because normalization takes
 * quadratic time to sort a long run of them.
 */
export function folded(text: string): string {
  if (ascii.test(text)) return text.toLowerCase();
  const fit = withoutUnseen(plainer(text.replace(marks, '')));
  return foldCase(fit.normalize('NFKD').replace(marks, ''));
}

/** A loop, because a regular expression anchored at the end is quadratic in a run of spaces. */
function withoutEnds(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '.' || text[end - 1]!.trim() === '')) end -= 1;
  return text.slice(0, end).trimStart();
}
