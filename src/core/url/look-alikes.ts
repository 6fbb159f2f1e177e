/**
 * Characters that some services read as plainer ones, or drop: blanks at the ends of a segment, letters and slashes that are mapped to
 * ASCII, and invisible characters. All functions accept and return canonical text: its escapes are valid UTF-8.
 */

/** Space separators and others that Unicode calls white space, the zero-width space and the byte order mark. */
const blank = /[\s\u0085\u200b]/;

/**
 * The segment as read by a file system or framework that removes blanks at both ends and dots at the end (Windows). Character by character,
 * because a regular expression anchored at the end is quadratic in a run of blanks.
 */
export function trimEnds(segment: string): string {
  if (!segment.includes('%') && !segment.endsWith('.')) return segment;
  const text = decodeURIComponent(segment);
  let [first, last] = [0, text.length - 1];
  let [start, end] = [0, segment.length];
  for (; first <= last && blank.test(text[first]!); first += 1) start += lengthOf(text[first]!);
  for (; last >= first && (text[last] === '.' || blank.test(text[last]!)); last -= 1) end -= lengthOf(text[last]!);
  return segment.slice(start, end);
}

/** Length of a character in canonical spelling. */
function lengthOf(char: string): number {
  return char === '.' ? 1 : encodeURIComponent(char).length;
}

/** Runs of escapes beyond ASCII, in canonical spelling, with the letter that an accent at their beginning belongs to. */
const beyondAscii = /[A-Za-z]?(?:%[89A-F][0-9A-F])+/g;

/** The segment or path as read by a service that maps characters to plainer ones: see `plainer`. */
export function fitCharacters(path: string): string {
  return path.replace(beyondAscii, (escapes) => rewritten(escapes, plainer));
}

/** The segment or path as read by a service that drops invisible characters, such as the soft hyphen. */
export function dropUnseen(path: string): string {
  return path.replace(beyondAscii, (escapes) => rewritten(escapes, withoutUnseen));
}

export function withoutUnseen(text: string): string {
  return text.replace(unseen, '');
}

function rewritten(escapes: string, change: (text: string) => string): string {
  const text = decodeURIComponent(escapes);
  const changed = change(text);
  return changed === text ? escapes : encodeURIComponent(changed).replaceAll('%2F', '/');
}

/** Compatible characters as plain ones (Unicode NFKC, UAX #15), and characters that code pages and IDNA map to a slash or a dot. */
export function plainer(text: string): string {
  return text.normalize('NFKC').replace(likeSlash, '/').replace(likeDot, '.');
}

/** Fraction and division slash; characters that code pages map to a backslash: set minus, yen and won (the class of CVE-2024-4577). */
const likeSlash = /[\u2044\u2215\u2216\u00a5\u20a9]/g;
/** Ideographic full stop, which IDNA reads as a dot; NFKC has made the halfwidth one the same. */
const likeDot = /\u3002/g;
/** Format characters: soft hyphen, joiners, direction marks. */
const unseen = /\p{Cf}/gu;

/** How many characters of the text a service may replace or drop, up to `most`. `text` is decoded. */
export function countLookAlikes(text: string, most: number): number {
  let count = 0;
  for (const char of text) {
    if (char > '\x7f' && withoutUnseen(plainer(char)) !== char) count += 1;
    if (count >= most) break;
  }
  return count;
}
