/** Regular expressions of the words that are not in a list, for engines without lookahead (RE2, Go). */

/** Together they match every text but these words, each of letters; one expression for each beginning of a word. */
export function wordsBut(words: readonly string[]): readonly string[] {
  const beginnings = new Set(words.flatMap((word) => [...word, ''].map((_, length) => word.slice(0, length))));
  return [...beginnings].sort().map((beginning) => {
    const next = new Set(
      words.filter((word) => word.startsWith(beginning)).map((word) => word[beginning.length] ?? ''),
    );
    const letters = [...next].sort().join('');
    const other = letters === '' ? '.+' : `[^${letters}].*`;
    return words.includes(beginning) ? `${beginning}${other}` : `${beginning}(?:${other})?`;
  });
}
