/** The languages of the pages of accounts. */
import type { PageRequest } from '../page-request.ts';
import { preferredLanguage } from '../preferred-language.ts';
import type { AccountTexts } from './account-texts.ts';
import { english } from './english.ts';
import { spanish } from './spanish.ts';

export function textsFor({ rawHeaders }: Pick<PageRequest, 'rawHeaders'>): AccountTexts {
  return preferredLanguage(rawHeaders, [english, spanish]);
}
