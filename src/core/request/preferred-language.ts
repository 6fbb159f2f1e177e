/** The language of pages and mails. */

export const languages = ['en', 'es'] as const;
export type Language = (typeof languages)[number];

const maxRanges = 20;

/** The preferred one of these, by `Accept-Language` of the request (RFC 9110 section 12.5.4); otherwise the first one. */
export function preferredLanguage(rawHeaders: readonly string[]): Language {
  const at = rawHeaders.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === 'accept-language');
  const ranges = at < 0 ? '' : rawHeaders[at + 1]!;
  let best: Language = languages[0];
  let highest = 0;
  for (const range of ranges.split(',', maxRanges)) {
    const [tag = '', ...parameters] = range
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    const language = languages.find((one) => one === tag.split('-')[0]);
    const q = Number(parameters.find((one) => one.startsWith('q='))?.slice(2) ?? 1);
    if (language !== undefined && q > highest) [best, highest] = [language, q];
  }
  return best;
}
