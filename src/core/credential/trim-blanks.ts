/**
 * Cuts off what HTTP calls blanks (RFC 9110 section 5.6.3): space and tab. `trim()` would also take Unicode's, which
 * belong to a value. By hand, as a pattern for the end would look at a run of blanks inside again from each of them.
 */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
