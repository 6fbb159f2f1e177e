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

const simple = /^[a-z0-9_-]*$/;
const ended = /[?#]/;
const marks = /\p{M}/gu;

function fitted(text: string): string {
  if (simple.test(text)) return text;
  const fit = withoutUnseen(plainer(text)).normalize('NFKD').replace(marks, '');
  return foldCase(fit.split(ended, 1)[0]!.replaceAll('+', ' '));
}

/** A loop, because a regular expression anchored at the end is quadratic in a run of blanks. */
function withoutEnds(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '.' || text[end - 1]!.trim() === '')) end -= 1;
  return text.slice(0, end).trimStart();
}
