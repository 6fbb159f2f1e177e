/** The language of a page. */

const maxRanges = 20;

/** The preferred one of those that there are, by `Accept-Language` (RFC 9110 section 12.5.4); the first one otherwise. */
export function preferredLanguage<T extends { readonly language: string }>(
  acceptLanguage: string,
  languages: readonly [T, ...T[]],
): T {
  let best = languages[0];
  let highest = 0;
  for (const range of acceptLanguage.split(',', maxRanges)) {
    const [tag = '', ...parameters] = range
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    const texts = languages.find(({ language }) => language === tag.split('-')[0]);
    const q = Number(parameters.find((one) => one.startsWith('q='))?.slice(2) ?? 1);
    if (texts !== undefined && q > highest) [best, highest] = [texts, q];
  }
  return best;
}
