/** The language of a page. */
import type { AccountTexts } from './account-texts.ts';
import { english } from './english.ts';
import { spanish } from './spanish.ts';

const languages: ReadonlyMap<string, AccountTexts> = new Map([
  ['en', english],
  ['es', spanish],
]);
const maxRanges = 20;

/** The preferred one of those that there are, by `Accept-Language` (RFC 9110 section 12.5.4); English otherwise. */
export function textsFor(acceptLanguage: string): AccountTexts {
  let best: AccountTexts = english;
  let highest = 0;
  for (const range of acceptLanguage.split(',', maxRanges)) {
    const [tag = '', ...parameters] = range
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    const texts = languages.get(tag.split('-')[0]!);
    const q = Number(parameters.find((one) => one.startsWith('q='))?.slice(2) ?? 1);
    if (texts !== undefined && q > highest) [best, highest] = [texts, q];
  }
  return best;
}
