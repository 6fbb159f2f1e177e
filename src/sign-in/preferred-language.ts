/** The language of a page. */

const maxRanges = 20;

/** The preferred one of these, by `Accept-Language` of the request (RFC 9110 section 12.5.4); otherwise the first one. */
export function preferredLanguage<T extends { readonly language: string }>(
  rawHeaders: readonly string[],
  languages: readonly [T, ...T[]],
): T {
  const at = rawHeaders.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === 'accept-language');
  const ranges = at < 0 ? '' : rawHeaders[at + 1]!;
  let best = languages[0];
  let highest = 0;
  for (const range of ranges.split(',', maxRanges)) {
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
