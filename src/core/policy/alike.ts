/**
 * Whether a service may take a value of the request for another text: one that ignores case or accents (as databases do by their
 * collation), trims blanks and dots at the ends, fits characters into plainer ones, drops those that show nothing, reads "+" as a
 * blank, or ends a segment at an escaped "?" or "#". Such a value is neither that text nor certainly another one, so `not` of a
 * comparison is not met by it.
 */
import { plainer, withoutUnseen } from '../url/look-alikes.ts';
import { foldCase } from '../url/path-reading.ts';

/** Texts with the same form are alike. */
export function alikeForm(text: string): string {
  return withoutEnds(fitted(text));
}

/** Whether a text that is read so begins with the other one. */
export function beginsAlike(text: string, beginning: string): boolean {
  return fitted(text).trimStart().startsWith(fitted(beginning).trimStart());
}

/** Whether a text is alike to one of the list. A list that is in its form already takes no memory here. */
export function isAlikeOneOf(text: string, list: ReadonlySet<string>): boolean {
  const form = alikeForm(text);
  return list.has(form) || otherForms(list).has(form);
}

const formsOfLists = new WeakMap<ReadonlySet<string>, ReadonlySet<string>>();

/** Computes what comparisons with this list need, so that the first request does not wait for a long one. */
export function prepareList(list: ReadonlySet<string>): void {
  otherForms(list);
}

/** Forms of the texts that are not their own form. Lists never change, so this is done once for each. */
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

/** A text that begins with one is a text of its own. */
const ended = /(?<=.)[?#]/s;

function fitted(text: string): string {
  return folded(text).split(ended, 1)[0]!.replaceAll('+', ' ');
}

const ascii = /^[\x20-\x7e]*$/;
const marks = /\p{M}/gu;

/**
 * Without case, accents and what shows nothing, in the plainest characters. Marks are removed first, since normalization takes
 * quadratic time to order a long run of them.
 */
export function folded(text: string): string {
  if (ascii.test(text)) return text.toLowerCase();
  const fit = withoutUnseen(plainer(text.replace(marks, '')));
  return foldCase(fit.normalize('NFKD').replace(marks, ''));
}

/** A loop, because a regular expression anchored at the end is quadratic in a run of blanks. */
function withoutEnds(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '.' || text[end - 1]!.trim() === '')) end -= 1;
  return text.slice(0, end).trimStart();
}
