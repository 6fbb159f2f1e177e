/** The texts of the shared pages, in the language that the browser prefers. */
import type { PageRequest } from './page-request.ts';
import { english } from './pages/texts/english.ts';
import type { PageTexts } from './pages/texts/page-texts.ts';
import { spanish } from './pages/texts/spanish.ts';
import { preferredLanguage } from './preferred-language.ts';

export function pageTexts({ rawHeaders }: Pick<PageRequest, 'rawHeaders'>): PageTexts {
  return preferredLanguage(rawHeaders, [english, spanish]);
}
