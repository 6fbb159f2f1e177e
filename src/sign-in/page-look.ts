/** The look of the shared pages: the brand, and texts in the language that the browser prefers. */
import { type Language, preferredLanguage } from '../core/request/preferred-language.ts';
import type { PageRequest } from './page-request.ts';
import type { Look } from './pages/page.ts';
import { english } from './pages/texts/english.ts';
import type { PageTexts } from './pages/texts/page-texts.ts';
import { spanish } from './pages/texts/spanish.ts';

const texts: Readonly<Record<Language, PageTexts>> = { en: english, es: spanish };

export function pageLook({ brand, rawHeaders }: Pick<PageRequest, 'brand' | 'rawHeaders'>): Look<PageTexts> {
  return { texts: pageTexts({ rawHeaders }), brand };
}

export function pageTexts({ rawHeaders }: Pick<PageRequest, 'rawHeaders'>): PageTexts {
  return texts[preferredLanguage(rawHeaders)];
}
