/**
 * Characters that some services take for something plainer: blanks at the ends of a segment, which a file system or a
 * framework removes, and letters and slashes that are fitted into ASCII.
 */

/** Space, no-break space, zero-width space, ideographic space, byte order mark. */
const blanks = ['%20', '%C2%A0', '%E2%80%8B', '%E3%80%80', '%EF%BB%BF'];

/** The canonical segment without blanks at its ends. Linear, because a client may send many. */
export function withoutBlanks(segment: string): string {
  if (!segment.includes('%')) return segment;
  let start = 0;
  let end = segment.length;
  for (let blank = blankAt(segment, start); blank > 0; blank = blankAt(segment, start)) start += blank;
  for (let blank = blankBefore(segment, end); blank > 0 && end > start; blank = blankBefore(segment, end)) end -= blank;
  return segment.slice(start, Math.max(start, end));
}

function blankAt(text: string, at: number): number {
  return blanks.find((blank) => text.startsWith(blank, at))?.length ?? 0;
}

function blankBefore(text: string, end: number): number {
  return blanks.find((blank) => text.endsWith(blank, end))?.length ?? 0;
}

/** Runs of escapes beyond ASCII, in canonical spelling. */
const beyondAscii = /(?:%[89A-F][0-9A-F])+/g;
/** What code pages map to a slash (the class of CVE-2024-4577). */
const likeSlash = /[\u2044\u2215]/g;

/** Whether a canonical segment reads differently to a service that fits characters (Unicode NFKC, UAX #15). */
export function isFitted(segment: string): boolean {
  if (!segment.includes('%')) return false;
  const text = decodeURIComponent(segment);
  return plainer(text) !== text;
}

/** The canonical segment or path as such a service reads it, with a further slash for each character that is like one. */
export function fitCharacters(path: string): string {
  return path.replace(beyondAscii, fit);
}

function fit(escapes: string): string {
  const text = decodeURIComponent(escapes);
  const fitted = plainer(text);
  return fitted === text ? escapes : encodeURIComponent(fitted).replaceAll('%2F', '/');
}

function plainer(text: string): string {
  return text.normalize('NFKC').replace(likeSlash, '/');
}
