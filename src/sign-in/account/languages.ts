/** The languages of the pages of accounts. */
import { preferredLanguage } from '../preferred-language.ts';
import type { AccountTexts } from './account-texts.ts';
import { english } from './english.ts';
import { spanish } from './spanish.ts';

export function textsFor(acceptLanguage: string): AccountTexts {
  return preferredLanguage(acceptLanguage, [english, spanish]);
}
