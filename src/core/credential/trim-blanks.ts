/** Cuts off what HTTP calls blanks: space and tab. `trim()` would also take Unicode's, which belong to a value. */
export function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}
