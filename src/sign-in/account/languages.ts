/** The languages of the pages of accounts. */
import { type Language, preferredLanguage } from '../../core/request/preferred-language.ts';
import type { PageRequest } from '../page-request.ts';
import type { AccountTexts } from './account-texts.ts';
import { english } from './english.ts';
import { spanish } from './spanish.ts';

const texts: Readonly<Record<Language, AccountTexts>> = { en: english, es: spanish };

export function textsFor({ rawHeaders }: Pick<PageRequest, 'rawHeaders'>): AccountTexts {
  return texts[preferredLanguage(rawHeaders)];
}
