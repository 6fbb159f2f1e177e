/**
 * Blanks at the ends of a segment, escaped: part of its name to most services, and nothing to those whose file system or
 * framework takes them away.
 */

/** Space, no-break space, the space without width, the ideographic one, and the byte order mark. */
const blanks = ['%20', '%C2%A0', '%E2%80%8B', '%E3%80%80', '%EF%BB%BF'];

/** The canonical segment without them. One look at each, for a client may send many. */
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
